/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Interface of the famfs_dax module: regular files that consist of given
 * extents of dax devices ("dax extent files").
 *
 * A program opens FAMFS_DAX_NODE, attaches dax devices to that descriptor, and
 * makes files from them. A file lives as long as a descriptor or a mapping of
 * it does; it outlives the detaching of its devices and the control descriptor.
 *
 * Growth: the size of each structure is part of its ioctl number. A module
 * takes a shorter structure than its own (the rest counts as zero) and a longer
 * one whose additional bytes are zero (else E2BIG). Reserved fields must be zero,
 * unknown flags and types are refused with EINVAL. A new meaning, also of a file
 * in /sys/fs/famfs_dax, raises FAMFS_DAX_VERSION.
 */
#ifndef _UAPI_FAMFS_DAX_H
#define _UAPI_FAMFS_DAX_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define FAMFS_DAX_NODE		"/dev/famfs_dax"
#define FAMFS_DAX_VERSION	2

/* Limits of this version; FAMFS_DAX_IOC_INFO reports those of the running module. */
#define FAMFS_DAX_MAX_DEVICES	64
#define FAMFS_DAX_MAX_STRIPS	16
#define FAMFS_DAX_MAX_EXTENTS	65536

/**
 * struct famfs_dax_info - what the module is and can do
 * @version: out: FAMFS_DAX_VERSION of the module
 * @granule: out: bytes; offsets, lengths and chunks are multiples of it
 * @max_devices: out: devices attached to one control descriptor at a time
 * @max_extents: out: extents of a simple map
 * @max_strips: out: strips of a striped map
 * @caps: out: FAMFS_DAX_CAP_*
 * @reserved: zero
 */
struct famfs_dax_info {
	__u32 version;
	__u32 granule;
	__u32 max_devices;
	__u32 max_extents;
	__u32 max_strips;
	__u32 caps;
	__aligned_u64 reserved[2];
};

/* FAMFS_DAX_IOC_CACHE works on this architecture. */
#define FAMFS_DAX_CAP_CACHE	0x1U

/**
 * struct famfs_dax_attach - make a dax device usable through this descriptor
 * @fd: in: open descriptor of the dax device's node. Files can be written only
 *      if it is open for writing. It may be closed afterwards
 * @flags: in: FAMFS_DAX_ATTACH_*
 * @device: out: number of the device, for this control descriptor
 * @reserved: zero
 * @size: out: bytes of the device
 *
 * Needs CAP_SYS_RAWIO. The device must be bound to the fsdev_dax driver.
 *
 * Errors: ENOTTY (not a dax device), EOPNOTSUPP (another driver holds it),
 * EBUSY (another user in the kernel holds it, or an exclusive attachment is in
 * the way), EEXIST (attached to this descriptor already), ENODEV (it is going
 * away), ENOSPC (no number is free), EPERM.
 */
struct famfs_dax_attach {
	__s32 fd;
	__u32 flags;
	__u32 device;
	__u32 reserved;
	__aligned_u64 size;
};

/*
 * No other attachment and no file of an earlier one may exist, and none can be
 * made by others while this one lasts: for a program that is to erase the device.
 */
#define FAMFS_DAX_ATTACH_EXCLUSIVE	0x1U

/**
 * struct famfs_dax_detach - end an attachment
 * @device: in: number from FAMFS_DAX_IOC_ATTACH
 * @reserved: zero
 *
 * Files stay. Closing the control descriptor detaches all its devices.
 */
struct famfs_dax_detach {
	__u32 device;
	__u32 reserved;
};

/**
 * struct famfs_dax_extent - a range of a device
 * @offset: bytes from the start of the device, a multiple of the granule
 * @length: bytes, a multiple of the granule, not 0
 * @device: number from FAMFS_DAX_IOC_ATTACH
 * @reserved: zero
 */
struct famfs_dax_extent {
	__aligned_u64 offset;
	__aligned_u64 length;
	__u32 device;
	__u32 reserved;
};

/* The extents follow each other in the file. */
#define FAMFS_DAX_MAP_SIMPLE	0
/*
 * The extents are strips of one length, a multiple of chunk_size. Chunk number c
 * of the file is chunk c / nr_extents of strip c % nr_extents.
 */
#define FAMFS_DAX_MAP_STRIPED	1

/**
 * struct famfs_dax_create - make a file; the ioctl returns its descriptor
 * @size: in: bytes of the file, 1 to the sum of the extents' lengths
 * @extents: in: address of @nr_extents struct famfs_dax_extent
 * @nr_extents: in: extents or strips
 * @type: in: FAMFS_DAX_MAP_*
 * @chunk_size: in: striped: a power of two, multiple of the granule; else 0
 * @flags: in: FAMFS_DAX_CREATE_*
 * @reserved: zero
 *
 * The descriptor is close-on-exec and of a regular S_DAX file. Size and map do
 * not change while the file lives. A page of a device belongs to one living
 * file at most.
 *
 * Errors: EINVAL (a field is malformed or extents of the list overlap each
 * other), ERANGE (past the device, or size past the extents), EBUSY (overlaps a
 * living file), EACCES (device attached read-only, file not), ENODEV (the
 * device is gone), EMFILE, ENFILE, ENOMEM.
 */
struct famfs_dax_create {
	__aligned_u64 size;
	__aligned_u64 extents;
	__u32 nr_extents;
	__u32 type;
	__aligned_u64 chunk_size;
	__u32 flags;
	__u32 reserved;
};

/* The descriptor is open for reading only. */
#define FAMFS_DAX_CREATE_RDONLY	0x1U
/*
 * If a living file has exactly this map and size, return another descriptor of
 * it instead of EBUSY. It is the same inode: what one maps the other may too.
 */
#define FAMFS_DAX_CREATE_SHARE	0x2U

/**
 * struct famfs_dax_device_info - state of an attached device
 * @device: in: number from FAMFS_DAX_IOC_ATTACH
 * @flags: out: FAMFS_DAX_DEVICE_*
 * @size: out: bytes
 * @claimed: out: bytes that belong to living files
 * @poisoned: out: pages with an uncorrectable memory error since attaching
 * @attachments: out: number of attachments, this one included
 * @reserved: zero
 */
struct famfs_dax_device_info {
	__u32 device;
	__u32 flags;
	__aligned_u64 size;
	__aligned_u64 claimed;
	__aligned_u64 poisoned;
	__u32 attachments;
	__u32 reserved;
};

/* The device was unbound; its files give EIO and SIGBUS. */
#define FAMFS_DAX_DEVICE_DEAD		0x1U
#define FAMFS_DAX_DEVICE_EXCLUSIVE	0x2U
#define FAMFS_DAX_DEVICE_RDONLY		0x4U

/**
 * struct famfs_dax_file_info - what an extent file is
 * @size: out: bytes
 * @capacity: out: bytes of its extents
 * @chunk_size: out: 0 for a simple map
 * @type: out: FAMFS_DAX_MAP_*
 * @nr_extents: out: extents or strips
 * @flags: out: FAMFS_DAX_FILE_*
 * @reserved: zero
 *
 * An ioctl on the file. FS_IOC_FIEMAP gives the extents.
 */
struct famfs_dax_file_info {
	__aligned_u64 size;
	__aligned_u64 capacity;
	__aligned_u64 chunk_size;
	__u32 type;
	__u32 nr_extents;
	__u32 flags;
	__u32 reserved;
};

/* A device of the file was unbound. */
#define FAMFS_DAX_FILE_DEAD	0x1U

/**
 * struct famfs_dax_cache - CPU caches of a range of an extent file
 * @offset: in: bytes, any alignment; whole cache lines are affected
 * @length: in: bytes; the range is cut at the end of the file
 * @op: in: FAMFS_DAX_CACHE_*
 * @reserved: zero
 *
 * An ioctl on the file, for memory that hosts share without hardware coherence.
 * It is complete, and ordered against what the caller does next, on return.
 *
 * Errors: EINVAL, EOPNOTSUPP (architecture), EIO (device gone or memory
 * poisoned), EINTR (killed).
 */
struct famfs_dax_cache {
	__aligned_u64 offset;
	__aligned_u64 length;
	__u32 op;
	__u32 reserved;
};

/* Dirty lines go to memory and may stay cached: after writing. */
#define FAMFS_DAX_CACHE_WRITEBACK	0
/* Dirty lines go to memory and all lines leave the cache: before reading. */
#define FAMFS_DAX_CACHE_INVALIDATE	1

#define FAMFS_DAX_IOC_MAGIC		0xFA

/* On FAMFS_DAX_NODE */
#define FAMFS_DAX_IOC_INFO \
	_IOR(FAMFS_DAX_IOC_MAGIC, 0, struct famfs_dax_info)
#define FAMFS_DAX_IOC_ATTACH \
	_IOWR(FAMFS_DAX_IOC_MAGIC, 1, struct famfs_dax_attach)
#define FAMFS_DAX_IOC_DETACH \
	_IOW(FAMFS_DAX_IOC_MAGIC, 2, struct famfs_dax_detach)
#define FAMFS_DAX_IOC_CREATE \
	_IOW(FAMFS_DAX_IOC_MAGIC, 3, struct famfs_dax_create)
#define FAMFS_DAX_IOC_DEVICE_INFO \
	_IOWR(FAMFS_DAX_IOC_MAGIC, 4, struct famfs_dax_device_info)

/* On an extent file */
#define FAMFS_DAX_IOC_FILE_INFO \
	_IOR(FAMFS_DAX_IOC_MAGIC, 16, struct famfs_dax_file_info)
#define FAMFS_DAX_IOC_CACHE \
	_IOW(FAMFS_DAX_IOC_MAGIC, 17, struct famfs_dax_cache)

#endif /* _UAPI_FAMFS_DAX_H */
