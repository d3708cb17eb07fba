/* streams — the three standard descriptors, taken before anything else can be opened in their
 * place. */
#ifndef SQUALL_TOOLS_CLI_STREAMS_H
#define SQUALL_TOOLS_CLI_STREAMS_H

/* Where the caller has closed one of descriptors 0, 1 and 2, opens it so that its use fails: a
 * report must not go to a socket or into a file that happened to get its number. Call it first. */
void streams_hold(void);

#endif
