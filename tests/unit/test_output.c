/* test_output — goal: a reader finds the old file or the new one, never a half, and nothing is left
 * behind. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/output.h"

struct folder {
    char path[64];
    char file[96];
};

static int open_folder(void **state)
{
    struct folder *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)snprintf(f->path, sizeof f->path, "/tmp/squall-test-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    (void)snprintf(f->file, sizeof f->file, "%s/run.json", f->path);
    *state = f;
    return 0;
}

static int close_folder(void **state)
{
    struct folder *f = *state;
    (void)unlink(f->file);
    (void)rmdir(f->file);
    assert_int_equal(rmdir(f->path), 0);
    free(f);
    return 0;
}

static void assert_holds(const char *path, const char *text)
{
    char bytes[64] = "";
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    assert_int_equal(fread(bytes, 1, sizeof bytes - 1, in), strlen(text));
    fclose(in);
    assert_string_equal(bytes, text);
}

static unsigned count_entries(const char *path)
{
    unsigned count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder))
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(folder);
    return count;
}

static void a_new_file_holds_what_was_written(void **state)
{
    const struct folder *f = *state;
    assert_int_equal(output_probe(f->file), 0);
    assert_int_equal(output_write(f->file, "one", 3), 0);
    assert_holds(f->file, "one");
    assert_int_equal(count_entries(f->path), 1);
}

static void a_file_is_replaced_and_keeps_its_permissions(void **state)
{
    const struct folder *f = *state;
    assert_int_equal(output_write(f->file, "one", 3), 0);
    assert_int_equal(chmod(f->file, 0640), 0);
    assert_int_equal(output_write(f->file, "second", 6), 0);
    assert_holds(f->file, "second");
    struct stat status;
    assert_int_equal(stat(f->file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
}

static void a_missing_directory_is_told_before_and_after(void **state)
{
    const struct folder *f = *state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/none/run.json", f->path);
    assert_int_equal(output_probe(path), -ENOENT);
    assert_int_equal(output_write(path, "one", 3), -ENOENT);
}

static void a_failed_rename_leaves_nothing_behind(void **state)
{
    const struct folder *f = *state;
    assert_int_equal(mkdir(f->file, 0700), 0);
    assert_int_equal(output_probe(f->file), -EISDIR);
    assert_int_equal(output_write(f->file, "one", 3), -EISDIR);
    assert_int_equal(count_entries(f->path), 1);
}

static void a_name_without_a_directory_lands_in_the_current_one(void **state)
{
    const struct folder *f = *state;
    assert_int_equal(chdir(f->path), 0);
    assert_int_equal(output_write("run.json", "one", 3), 0);
    assert_holds(f->file, "one");
    assert_int_equal(chdir("/"), 0);
}

static void a_name_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static char path[8192];
    memset(path, 'x', sizeof path - 1);
    path[4999] = '/';
    assert_int_equal(output_write(path, "one", 3), -ENAMETOOLONG);
    assert_int_equal(output_probe(path), -ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_file_holds_what_was_written, open_folder,
                                        close_folder),
        cmocka_unit_test_setup_teardown(a_file_is_replaced_and_keeps_its_permissions, open_folder,
                                        close_folder),
        cmocka_unit_test_setup_teardown(a_missing_directory_is_told_before_and_after, open_folder,
                                        close_folder),
        cmocka_unit_test_setup_teardown(a_failed_rename_leaves_nothing_behind, open_folder,
                                        close_folder),
        cmocka_unit_test_setup_teardown(a_name_without_a_directory_lands_in_the_current_one,
                                        open_folder, close_folder),
        cmocka_unit_test(a_name_that_is_too_long_is_refused),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("output", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
