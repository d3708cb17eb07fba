#include "tools/cli/format.h"

#include <string.h>

#include "stats/report/csv.h"
#include "stats/report/hlog.h"
#include "stats/report/junit.h"
#include "stats/report/markdown.h"
#include "tools/viewer/report_page.h"

static const struct format formats[] = {
    { ".json", report_json, report_json_stored },
    { ".html", NULL, report_page },
    { ".csv", NULL, csv_stats },
    { ".md", NULL, report_markdown },
    { ".xml", NULL, report_junit },
    { ".hlog", report_hlog, report_hlog_stored },
};

const struct format *format_of(const char *path)
{
    const size_t len = strlen(path);

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const size_t ending_len = strlen(formats[i].ending);
        if (len > ending_len && strcmp(path + len - ending_len, formats[i].ending) == 0 &&
            path[len - ending_len - 1] != '/')
            return &formats[i];
    }
    return NULL;
}
