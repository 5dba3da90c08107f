/*
 * Intrusive doubly linked list.  A node is a member of the thing listed; the head is a node of its
 * own.  gt_list_init(&head) first.  One owner at a time.
 */
#ifndef GT_BASE_LIST_H
#define GT_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct gt_list {
	struct gt_list *prev, *next;
};

#define gt_container_of(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))

static inline void gt_list_init(struct gt_list *head)
{
	head->prev = head->next = head;
}

static inline bool gt_list_empty(const struct gt_list *head)
{
	return head->next == head;
}

static inline void gt_list_append(struct gt_list *head, struct gt_list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Leaves the node empty, so that removing it twice is harmless. */
static inline void gt_list_remove(struct gt_list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	gt_list_init(node);
}

/* The current node may be removed while iterating. */
#define gt_list_for_each(head, it)                                                    \
	for (struct gt_list *it = (head)->next, *it##__next = it->next; it != (head); \
	     it = it##__next, it##__next = it->next)

#endif
