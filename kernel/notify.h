/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FAMFS_DAX_NOTIFY_H
#define _FAMFS_DAX_NOTIFY_H

struct dax_device;
struct dax_holder_operations;
struct famfs_device;

extern const struct dax_holder_operations famfs_holder_operations;

struct famfs_device *famfs_device_find_get(const struct dax_device *dax_dev);

#endif /* _FAMFS_DAX_NOTIFY_H */
