#pragma once
#include <archive.h>
#include <archive_entry.h>
#include <langinfo.h>
#include <locale.h>

// libarchive converts names to the character set of the locale, and in the "C" locale gives up on those beyond ASCII.
static inline locale_t replaycache_utf8_locale(void) {
    const char *const names[] = {"C.UTF-8", "C.utf8", "en_US.UTF-8"};
    for (unsigned index = 0; index < sizeof names / sizeof names[0]; index++) {
        locale_t locale = newlocale(LC_CTYPE_MASK, names[index], (locale_t)0);
        if (locale) return locale;
    }
    return (locale_t)0;
}

static inline int replaycache_is_regular(struct archive_entry *entry) { return archive_entry_filetype(entry) == AE_IFREG; }
static inline int replaycache_is_directory(struct archive_entry *entry) { return archive_entry_filetype(entry) == AE_IFDIR; }
static inline int replaycache_is_link(struct archive_entry *entry) { return archive_entry_filetype(entry) == AE_IFLNK; }
