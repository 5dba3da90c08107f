/* What the files of git/proto.h share.  Private. */
#ifndef GT_GIT_PROTO_INT_H
#define GT_GIT_PROTO_INT_H

#include "git/proto.h"

#define WORDS_TEXT 512

int gt_git__oid_of(struct gt_str hex, struct gt_oid *ret_oid, struct gt_err *err);

/* What a server said, fit to be shown: one line, no control characters, not too long. */
void gt_git__words(struct gt_str said, char text[WORDS_TEXT]);
/* An error of the words of a server; never GT_OK. */
int gt_git__said_error(struct gt_str said, struct gt_err *err);
/* An error if the packet is an "ERR" one. */
int gt_git__check_err(const struct gt_pkt *pkt, struct gt_err *err);

#endif
