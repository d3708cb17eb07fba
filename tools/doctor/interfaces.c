#include "tools/doctor/interfaces.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/doctor/ranges.h"
#include "tools/doctor/reading.h"

#define DEVICES "sys/class/net"

static DIR *open_folder(const char *root, const char *name, const char *below)
{
    char path[READING_PATH_MAX];
    const int len = snprintf(path, sizeof path, "%s/" DEVICES "/%s%s", root, name, below);
    return len < 0 || (size_t)len >= sizeof path ? NULL : opendir(path);
}

static bool has_device(const char *root, const char *name)
{
    DIR *folder = open_folder(root, name, "/device");
    if (folder != NULL)
        closedir(folder);
    return folder != NULL;
}

static void read_queues(struct interface *i, const char *root)
{
    DIR *folder = open_folder(root, i->name, "/queues");
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strncmp(entry->d_name, "rx-", 3) != 0)
            continue;
        char mask[1024];
        i->queues++;
        if (reading_line(mask, sizeof mask, root, DEVICES "/%s/queues/%s/rps_cpus", i->name,
                         entry->d_name))
            i->spreads |= strspn(mask, "0,") < strlen(mask);
    }
    if (folder != NULL)
        closedir(folder);
}

/* The interrupts of a card are listed with its device; those of a virtual one with its parent. */
static void read_interrupts(struct interface *i, const char *root)
{
    DIR *folder = open_folder(root, i->name, "/device/msi_irqs");
    if (folder == NULL)
        folder = open_folder(root, i->name, "/device/../msi_irqs");
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char list[1024];
        if (entry->d_name[0] == '.')
            continue;
        (void)reading_line(list, sizeof list, root, "proc/irq/%s/effective_affinity_list",
                           entry->d_name);
        const cpu_set_t cpus = ranges_cpus(list);
        CPU_OR(&i->interrupted, &i->interrupted, &cpus);
    }
    if (folder != NULL)
        closedir(folder);
}

static bool is_up(const char *root, const char *name)
{
    char state[16];
    return reading_line(state, sizeof state, root, DEVICES "/%s/operstate", name) &&
           strcmp(state, "up") == 0;
}

static int by_name(const void *a, const void *b)
{
    const struct interface *one = a, *other = b;
    return strcmp(one->name, other->name);
}

struct interfaces interfaces_read(const char *root)
{
    struct interfaces all = { .count = 0 };
    DIR *folder = open_folder(root, "", "");
    const struct dirent *entry;
    while (folder != NULL && all.count < INTERFACES_MAX && (entry = readdir(folder)) != NULL) {
        struct interface *i = &all.items[all.count];
        if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof i->name ||
            !has_device(root, entry->d_name) || !is_up(root, entry->d_name))
            continue;
        *i = (struct interface){ .queues = 0 };
        memcpy(i->name, entry->d_name, strlen(entry->d_name));
        read_queues(i, root);
        read_interrupts(i, root);
        all.count++;
    }
    if (folder != NULL)
        closedir(folder);
    qsort(all.items, all.count, sizeof all.items[0], by_name);
    return all;
}
