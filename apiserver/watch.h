/*
 * Watches: streams of events of one resource, filtered.
 *
 * Each watch keeps the revision up to which it has seen everything, and takes what comes after
 * from the table's history when there is something and its client reads.  A watch that falls
 * behind the history is told so (410) and ends.
 */
#ifndef AS_WATCH_H
#define AS_WATCH_H

#include "call.h"

struct as_watches;

struct as_watches *as_watches_new(struct as_server *server);
/* Ends all of them.  Loop thread. */
void as_watches_free(struct as_watches *w);

/* Something was written.  Any thread. */
void as_watches_wake(struct as_watches *w);

/*
 * Worker: starts the answer of a watch request, sends what there is already, hands the call to the
 * loop and returns AS_HANDED_OVER: the caller must not touch it any more.  On failure the call is
 * the caller's still, with a status.
 */
#define AS_HANDED_OVER 1
int as_watch_start(struct as_call *c);

/* How many there are.  Loop thread. */
size_t as_watches_count(const struct as_watches *w);

#endif
