/* Sums one column of the CSV files of a folder: `column-sum FOLDER COLUMN`. Prints JSON; files that cannot be read and cells
 * that are no number are told on stderr and counted. Exits with 64 on a bad call, 66 if the folder is not there, 75 if it
 * cannot be read just now. */

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, USAGE = 64, NO_INPUT = 66, TRY_AGAIN = 75, LINE = 64 * 1024, NAME = 1024 };

struct sum {
    unsigned long files, rows, bad;
    double total;
};

/* The next cell of a line, quotes taken away; what follows it is left in `rest`. NULL after the last. */
static char *cell(char **rest) {
    char *from = *rest, *into = *rest, *begin = *rest;
    if (from == NULL) return NULL;
    bool quoted = false;
    for (; *from != '\0' && (quoted || *from != ','); from++) {
        if (*from != '"') {
            *into++ = *from;
        } else if (quoted && from[1] == '"') {
            *into++ = *from++;
        } else {
            quoted = !quoted;
        }
    }
    *rest = *from == ',' ? from + 1 : NULL;
    *into = '\0';
    return begin;
}

/* Which column has this name, from 0; -1 if none has. */
static int position(char *header, const char *column) {
    char *rest = header, *name;
    for (int at = 0; (name = cell(&rest)) != NULL; at++)
        if (strcmp(name, column) == 0) return at;
    return -1;
}

static char *at(char *line, int position) {
    char *rest = line, *found = cell(&rest);
    while (position-- > 0 && found != NULL) found = cell(&rest);
    return found;
}

static bool line_of(FILE *file, char *line) {
    if (fgets(line, LINE, file) == NULL) return false;
    line[strcspn(line, "\r\n")] = '\0';
    return true;
}

static void add(const char *name, FILE *file, const char *column, struct sum *sum) {
    static char line[LINE];
    int wanted = line_of(file, line) ? position(line, column) : -1;
    if (wanted < 0) {
        fprintf(stderr, "%s: there is no column `%s`\n", name, column);
        sum->bad++;
        return;
    }
    sum->files++;
    for (unsigned long row = 2; line_of(file, line); row++) {
        char *end, *text = at(line, wanted);
        double value = text == NULL ? 0 : strtod(text, &end);
        if (text == NULL || end == text || *end != '\0') {
            fprintf(stderr, "%s:%lu: `%s` is no number\n", name, row, text == NULL ? "" : text);
            sum->bad++;
        } else {
            sum->rows++;
            sum->total += value;
        }
    }
}

static bool is_csv(const char *name) {
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".csv") == 0;
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "a folder and a column are expected: { args = [\"/data\", \"amount\"] }\n");
        return USAGE;
    }
    const char *folder = arguments[1], *column = arguments[2];
    DIR *opened = opendir(folder);
    if (opened == NULL) {
        fprintf(stderr, "%s: %s; is it granted, in `folders` of this plugin's table?\n", folder, strerror(errno));
        return errno == EIO ? TRY_AGAIN : NO_INPUT;
    }
    struct sum sum = {0};
    for (struct dirent *entry; (entry = readdir(opened)) != NULL;) {
        char path[NAME];
        if (!is_csv(entry->d_name)) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = fopen(path, "r");
        if (file == NULL) {
            fprintf(stderr, "%s: %s\n", path, strerror(errno));
            sum.bad++;
            continue;
        }
        add(path, file, column, &sum);
        fclose(file);
    }
    closedir(opened);
    printf("{\"files\":%lu,\"rows\":%lu,\"bad\":%lu,\"total\":%.2f}\n", sum.files, sum.rows, sum.bad, sum.total);
    return OK;
}
