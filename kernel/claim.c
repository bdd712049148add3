// SPDX-License-Identifier: GPL-2.0
/*
 * Claims: a page of a device belongs to one living file at most, because the
 * memory's folios remember one mapping only. A device's claims never overlap, so
 * a tree ordered by offset finds a conflict in logarithmic time.
 */
#include <linux/rbtree.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "internal.h"

/* All devices' trees: a file may consist of several, and is claimed as a whole. */
DEFINE_MUTEX(famfs_claims_lock);

#define claim_entry(node) rb_entry(node, struct famfs_extent, claim)

/* Return: the claim that overlaps @extent, or NULL after inserting that. */
static struct famfs_extent *famfs_claim_insert(struct famfs_extent *extent)
{
	struct rb_node **link = &extent->device->claims.rb_node;
	struct rb_node *parent = NULL;

	while (*link) {
		struct famfs_extent *other = claim_entry(*link);

		parent = *link;
		if (extent->offset + extent->length <= other->offset)
			link = &parent->rb_left;
		else if (other->offset + other->length <= extent->offset)
			link = &parent->rb_right;
		else
			return other;
	}
	/* A device with claims has one reference for all of them. */
	if (!parent)
		famfs_device_get(extent->device);
	rb_link_node(&extent->claim, parent, link);
	rb_insert_color(&extent->claim, &extent->device->claims);
	WRITE_ONCE(extent->device->claimed, extent->device->claimed + extent->length);
	return NULL;
}

static void famfs_claim_erase(struct famfs_extent *extent)
{
	struct famfs_device *dev = extent->device;

	rb_erase(&extent->claim, &dev->claims);
	WRITE_ONCE(dev->claimed, dev->claimed - extent->length);
	if (RB_EMPTY_ROOT(&dev->claims))
		famfs_device_put(dev);
}

/**
 * famfs_claim_map() - make a file the owner of all ranges of its map
 * @map: checked map; its devices are kept alive by the caller until this returns
 * @owner: out, with EBUSY: map of the file that is in the way
 *
 * Context: famfs_claims_lock is held.
 * Return: 0, EBUSY (a living file has part of it), EINVAL (the list overlaps
 * itself), ENODEV (a device is gone). On failure nothing is claimed.
 */
int famfs_claim_map(struct famfs_map *map, struct famfs_map **owner)
{
	struct famfs_extent *other;
	int ret;

	lockdep_assert_held(&famfs_claims_lock);
	for (; map->nr_claimed < map->nr_extents; map->nr_claimed++) {
		struct famfs_extent *extent = &map->extents[map->nr_claimed];

		ret = -ENODEV;
		if (extent->device->dead)
			goto undo;
		other = famfs_claim_insert(extent);
		if (!other)
			continue;
		ret = other->map == map ? -EINVAL : -EBUSY;
		*owner = other->map;
		goto undo;
	}
	return 0;
undo:
	famfs_claim_release(map);
	return ret;
}

/**
 * famfs_claim_release() - undo famfs_claim_map()
 * @map: map, of which all, some or no extents are claimed
 *
 * Context: famfs_claims_lock is held. Devices may be freed.
 */
void famfs_claim_release(struct famfs_map *map)
{
	lockdep_assert_held(&famfs_claims_lock);
	while (map->nr_claimed)
		famfs_claim_erase(&map->extents[--map->nr_claimed]);
}

/**
 * famfs_claims_pinned() - count the bytes of a parked file as pinned, or no longer
 * @map: map of which all extents are claimed
 * @pinned: true when it is parked, false when it no longer is
 */
void famfs_claims_pinned(const struct famfs_map *map, bool pinned)
{
	mutex_lock(&famfs_claims_lock);
	for (unsigned int i = 0; i < map->nr_extents; i++) {
		const struct famfs_extent *extent = &map->extents[i];

		u64 *sum = &extent->device->pinned;

		WRITE_ONCE(*sum, pinned ? *sum + extent->length : *sum - extent->length);
	}
	mutex_unlock(&famfs_claims_lock);
	famfs_stat_add(FAMFS_STAT_FILES_PINNED, pinned ? 1 : -1);
}

/**
 * famfs_claim_first_after() - find a claim by its place in the device
 * @dev: device
 * @offset: in the device
 *
 * Context: famfs_claims_lock is held.
 * Return: the first claim that ends after @offset, or NULL.
 */
struct famfs_extent *famfs_claim_first_after(struct famfs_device *dev, u64 offset)
{
	struct rb_node *node = dev->claims.rb_node;
	struct famfs_extent *found = NULL;

	lockdep_assert_held(&famfs_claims_lock);
	while (node) {
		struct famfs_extent *extent = claim_entry(node);

		if (extent->offset + extent->length <= offset) {
			node = node->rb_right;
		} else {
			found = extent;
			node = node->rb_left;
		}
	}
	return found;
}

/*
 * Waiting for a file that is half made or half gone: read the generation under the
 * lock, drop the lock, wait for another generation, look again.
 */
static atomic_t famfs_claims_changes;
static DECLARE_WAIT_QUEUE_HEAD(famfs_claims_queue);

void famfs_claims_changed(void)
{
	atomic_inc(&famfs_claims_changes);
	wake_up_all(&famfs_claims_queue);
}

unsigned int famfs_claims_generation(void)
{
	return atomic_read(&famfs_claims_changes);
}

void famfs_claims_wait(unsigned int generation)
{
	wait_event(famfs_claims_queue, famfs_claims_generation() != generation);
}

/* Return: 0, EBUSY after a second, EINTR. */
int famfs_claims_wait_killable(unsigned int generation)
{
	long ret = wait_event_killable_timeout(famfs_claims_queue,
					       famfs_claims_generation() != generation, HZ);

	if (!ret)
		return -EBUSY;
	return ret < 0 ? -EINTR : 0;
}
