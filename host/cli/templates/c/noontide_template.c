/* A program as a task: arguments and stdin are its input, stdout its result, stderr its log, the exit code its end.
 * Counts the words of stdin that have at least so many letters: `{ args = [3], stdin = "…" }`. */

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { OK = 0, USAGE = 64 }; /* 64 to 78 are final; 75 and all others are tried again */

int main(int count, char **arguments) {
    char *end = "";
    long least = count > 1 ? strtol(arguments[1], &end, 10) : 1;
    if (*end != '\0' || least < 1) {
        fprintf(stderr, "`%s` is no number of letters\n", arguments[1]);
        return USAGE;
    }
    unsigned long words = 0, bytes = 0;
    long letters = 0;
    for (bool more = true; more;) {
        int next = getchar();
        more = next != EOF;
        bytes += more;
        if (more && isalpha(next)) {
            letters++;
        } else {
            words += letters >= least;
            letters = 0;
        }
    }
    const char *due = getenv("NOONTIDE_DUE_AT");
    fprintf(stderr, "read %lu bytes, due at %s\n", bytes, due == NULL ? "no time" : due);
    printf("{\"words\":%lu,\"bytes\":%lu}\n", words, bytes);
    return OK;
}
