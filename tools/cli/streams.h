/* streams — the three standard descriptors: taken before anything else can be opened in their
 * place, and written to the last byte. */
#ifndef SQUALL_TOOLS_CLI_STREAMS_H
#define SQUALL_TOOLS_CLI_STREAMS_H

/* Where the caller has closed one of descriptors 0, 1 and 2, opens it so that its use fails: a
 * report must not go to a socket or into a file that happened to get its number. Call it first. */
void streams_hold(void);

/* Writes a text to stdout. 0 or -errno: what stdio still holds has reached the file or pipe before
 * an exit code may say that it did. */
int streams_print(const char *text);

#endif
