/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside the famfs_dax module. One way down:
 *
 *	main -> control -> { inode -> file } -> map -> claim -> device -> sysfs -> stats
 *	main -> debugfs -> device
 *
 * Locks, outer first:
 *	famfs_control.lock
 *	famfs_attach_lock	one attach at a time; held over fs_dax_get(), which takes
 *				the dax device's own lock, so never taken by notify
 *	dax device, in a removal
 *	inode			of a file, by reads, writes, a removal
 *	mapping's invalidation	by faults, cache operations, the end of a file, a removal
 *	famfs_claims_lock	which file owns which range of which device
 *	famfs_devices_lock	list of devices, their references and attachments
 *
 * The first two of a file are held over the access to a user's memory, which may take
 * for ever (the inode's), or over the kernel's own work only (the mapping's).
 */
#ifndef _FAMFS_DAX_INTERNAL_H
#define _FAMFS_DAX_INTERNAL_H

#include <linux/dax.h>
#include <linux/fs.h>
#include <linux/iomap.h>
#include <linux/kobject.h>
#include <linux/mutex.h>
#include <linux/path.h>
#include <linux/percpu.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "uapi/famfs_dax.h"

struct seq_file;

/* stats.c */

enum famfs_stat {
	FAMFS_STAT_FAULTS_PTE,
	FAMFS_STAT_FAULTS_PMD,
	FAMFS_STAT_FAULTS_PMD_FALLBACK,
	FAMFS_STAT_FAULTS_FAILED,
	FAMFS_STAT_READS,
	FAMFS_STAT_READ_BYTES,
	FAMFS_STAT_WRITES,
	FAMFS_STAT_WRITE_BYTES,
	FAMFS_STAT_WRITTEN_BACK_BYTES,
	FAMFS_STAT_INVALIDATED_BYTES,
	FAMFS_STAT_FILES,
	FAMFS_STAT_FILES_PINNED,
	FAMFS_STAT_FILES_CREATED,
	FAMFS_STAT_FILES_SHARED,
	FAMFS_STAT_DEVICES,
	FAMFS_STAT_POISONED_PAGES,
	FAMFS_STAT_DEVICES_REMOVED,
	FAMFS_NR_STATS,
};

struct famfs_stats {
	u64 count[FAMFS_NR_STATS];
};

DECLARE_PER_CPU(struct famfs_stats, famfs_stats);
extern const struct attribute_group famfs_stat_group;

static inline void famfs_stat_add(enum famfs_stat which, s64 value)
{
	this_cpu_add(famfs_stats.count[which], value);
}

/* device.c */

/* A physically contiguous piece of a device. */
struct famfs_range {
	u64 start;
	u64 end;
};

/*
 * A dax device of which this module is the holder. Lives while it is attached
 * or a file consists of it.
 */
struct famfs_device {
	struct kobject kobj;		/* its directory in sysfs; its release frees */
	struct list_head list;		/* famfs_devices_lock */
	unsigned int references;	/* famfs_devices_lock */
	unsigned int attachments;	/* famfs_devices_lock */
	bool exclusive;			/* famfs_devices_lock */
	bool held;			/* attach has completed; famfs_devices_lock */
	bool dead;			/* famfs_claims_lock to set */
	bool leaving;			/* a removal waits for its pages; famfs_claims_lock */
	struct dax_device *dax_dev;
	char name[32];
	u64 size;
	unsigned int nr_ranges;
	struct famfs_range *ranges;
	struct rb_root claims;		/* famfs_claims_lock */
	u64 claimed;			/* famfs_claims_lock; bytes */
	u64 pinned;			/* of these, of parked files */
	struct xarray poison;		/* page index -> value entry */
	u64 nr_poisoned;
};

/* What a reader without locks sees. */
static inline const char *famfs_device_state_name(const struct famfs_device *dev)
{
	if (READ_ONCE(dev->leaving))
		return "leaving";
	return READ_ONCE(dev->dead) ? "dead" : "live";
}

struct famfs_device *famfs_device_attach(struct file *node, bool exclusive);
void famfs_device_detach(struct famfs_device *dev, bool exclusive);
void famfs_device_get(struct famfs_device *dev);
void famfs_device_put(struct famfs_device *dev);
void famfs_device_info(struct famfs_device *dev,
		       struct famfs_dax_device_info *info);
u64 famfs_device_contiguous(const struct famfs_device *dev, u64 offset, u64 length);
u64 famfs_device_healthy(struct famfs_device *dev, u64 offset, u64 length);
void famfs_device_list(struct seq_file *seq);
int famfs_devices_init(void);
void famfs_devices_exit(void);

/* sysfs.c */

void famfs_sysfs_device_init(struct famfs_device *dev);
int famfs_sysfs_device_add(struct famfs_device *dev);
void famfs_sysfs_device_remove(struct famfs_device *dev);
int famfs_sysfs_init(void);
void famfs_sysfs_exit(void);

/* debugfs.c */

void famfs_debugfs_init(void);
void famfs_debugfs_exit(void);

/* map.c */

struct famfs_map;

/* An extent or strip: what is looked up, and the claim on the device's range. */
struct famfs_extent {
	struct rb_node claim;		/* in device->claims, by offset */
	struct famfs_device *device;
	struct famfs_map *map;
	u64 offset;			/* in the device */
	u64 length;
	u64 start;			/* in the file; simple maps */
};

struct famfs_map {
	u64 size;			/* of the file */
	u64 capacity;			/* of the extents */
	u64 chunk_size;			/* 0: simple */
	struct inode *inode;		/* once claimed */
	unsigned int nr_extents;
	unsigned int nr_claimed;
	struct famfs_extent extents[] __counted_by(nr_extents);
};

/* Where a piece of a file lies. */
struct famfs_piece {
	struct famfs_device *device;
	u64 start;			/* in the file */
	u64 offset;			/* in the device */
	u64 length;
};

/**
 * typedef famfs_device_lookup_t - what a user's device number means
 * @context: what famfs_map_create() was given
 * @number: unchecked number
 *
 * Return: the device, or an ERR_PTR. The caller keeps it alive over the call.
 */
typedef struct famfs_device *(*famfs_device_lookup_t)(void *context, u32 number);

struct famfs_map *famfs_map_create(const struct famfs_dax_create *arg,
				   famfs_device_lookup_t lookup, void *context);
void famfs_map_free(struct famfs_map *map);
bool famfs_map_equal(const struct famfs_map *a, const struct famfs_map *b);
void famfs_map_find(const struct famfs_map *map, u64 pos, struct famfs_piece *piece);
u64 famfs_map_position(const struct famfs_extent *extent, u64 offset);

/* claim.c */

extern struct mutex famfs_claims_lock;

int famfs_claim_map(struct famfs_map *map, struct famfs_map **owner);
void famfs_claim_release(struct famfs_map *map);
void famfs_claims_pinned(const struct famfs_map *map, bool pinned);
void famfs_claims_changed(void);
unsigned int famfs_claims_generation(void);
void famfs_claims_wait(unsigned int generation);
int famfs_claims_wait_killable(unsigned int generation);
struct famfs_extent *famfs_claim_first_after(struct famfs_device *dev, u64 offset);

/* inode.c */

struct famfs_file {
	struct inode inode;
	struct famfs_map *map;
	bool dead;			/* a device is gone; set once */
	bool abandoned;			/* dead, and no mapping of its memory is left */
	spinlock_t lock;
	unsigned int nr_open;		/* @lock; a parked file counts as open */
	struct vfsmount *mount;		/* valid while nr_open > 0 */
	struct path parked;		/* what the worker holds */
	struct delayed_work retry;
	unsigned long retry_delay;	/* jiffies */
	loff_t busy_pos;			/* where a pinned page was seen last */
};

static inline struct famfs_file *famfs_file(const struct inode *inode)
{
	return container_of(inode, struct famfs_file, inode);
}

int famfs_mount_pin(void);
void famfs_mount_unpin(void);
struct file *famfs_file_create(struct famfs_map *map, int flags, bool share);
int famfs_inodes_init(void);
void famfs_inodes_exit(void);

/* file.c */

extern const struct file_operations famfs_file_operations;
extern const struct inode_operations famfs_inode_operations;
extern const struct iomap_ops famfs_iomap_ops;

/* fault.c */

extern const struct vm_operations_struct famfs_vm_operations;

/* cache.c */

int famfs_cache(struct inode *inode, const struct famfs_dax_cache *arg);
int famfs_write_back(struct inode *inode, u64 pos, u64 length);

/* park.c */

void famfs_park_prepare(struct famfs_file *file);
void famfs_file_drop_user(struct famfs_file *file, const struct path *path);
int famfs_parking_init(void);
void famfs_parking_exit(void);

/* control.c */

extern const struct file_operations famfs_control_operations;

/* Copy an ioctl's structure in or out, whose size is in the ioctl's number. */
int famfs_copy_in(void *to, size_t size, unsigned int cmd, const void __user *from);
int famfs_copy_out(void __user *to, unsigned int cmd, const void *from, size_t size);

#endif /* _FAMFS_DAX_INTERNAL_H */
