/* A program as a task: arguments and stdin are its input, stdout its result, stderr its log, the exit code its end.
 * Counts how often each letter that is an argument stands in stdin. */

#include <stdio.h>
#include <stdlib.h>

enum { OK = 0, USAGE = 64 };

int main(int count, char **arguments) {
    if (count < 2) {
        fprintf(stderr, "letters to count are expected: { args = [\"a\"], stdin = \"…\" }\n");
        return USAGE; /* 64 to 78 are final, 75 and all others are tried again */
    }
    unsigned long seen[256] = {0}, letters = 0;
    for (int letter; (letter = getchar()) != EOF; letters++) seen[letter & 0xff]++;

    const char *due = getenv("NOONTIDE_DUE_AT");
    fprintf(stderr, "%lu letters, due at %s\n", letters, due == NULL ? "no time" : due);

    printf("{");
    for (int at = 1; at < count; at++) {
        unsigned char letter = (unsigned char)arguments[at][0];
        if (letter >= ' ' && letter < 0x7f && letter != '"' && letter != '\\')
            printf("%s\"%c\":%lu", at > 1 ? "," : "", letter, seen[letter]);
    }
    printf("}\n");
    return OK;
}
