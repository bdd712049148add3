// SPDX-License-Identifier: GPL-2.0
/*
 * Reading, writing and asking about an extent file.
 */
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/splice.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "internal.h"

/*
 * A page with a memory error is passed over: it cannot be mapped, read or
 * written, its neighbours can.
 */
static int famfs_iomap_begin(struct inode *inode, loff_t pos, loff_t length,
			     unsigned int flags, struct iomap *iomap,
			     struct iomap *srcmap)
{
	struct famfs_file *file = famfs_file(inode);
	struct famfs_piece piece;
	u64 page, healthy;

	if (READ_ONCE(file->dead))
		return -EIO;
	if (WARN_ON_ONCE(pos < 0 || pos >= file->map->capacity))
		return -EIO;

	famfs_map_find(file->map, pos, &piece);
	page = round_down(pos - piece.start, PAGE_SIZE);
	healthy = famfs_device_healthy(piece.device, piece.offset + page,
				       piece.length - page);
	if (!healthy)
		return flags & IOMAP_FAULT ? -EHWPOISON : -EIO;

	iomap->dax_dev = piece.device->dax_dev;
	iomap->offset = piece.start;
	iomap->addr = piece.offset;
	iomap->length = page + healthy;
	iomap->type = IOMAP_MAPPED;
	return 0;
}

const struct iomap_ops famfs_iomap_ops = {
	.iomap_begin = famfs_iomap_begin,
};

static ssize_t famfs_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t size = i_size_read(inode);
	size_t count = iov_iter_count(to), cut;
	ssize_t ret;

	if (!count || iocb->ki_pos >= size)
		return 0;
	iov_iter_truncate(to, size - iocb->ki_pos);
	cut = count - iov_iter_count(to);

	inode_lock_shared(inode);
	ret = dax_iomap_rw(iocb, to, &famfs_iomap_ops);
	inode_unlock_shared(inode);

	iov_iter_reexpand(to, iov_iter_count(to) + cut);
	famfs_stat_add(FAMFS_STAT_READS, 1);
	if (ret > 0)
		famfs_stat_add(FAMFS_STAT_READ_BYTES, ret);
	return ret;
}

/*
 * A file does not grow: a write is cut at its end, and fails beyond it. What it wrote is
 * in the memory when it returns, whether or not the caller asked for that (O_DSYNC):
 * other hosts may read it.
 */
static ssize_t famfs_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t size = i_size_read(inode);
	size_t count, cut;
	ssize_t ret;
	int failed;

	inode_lock(inode);
	ret = generic_write_checks(iocb, from);
	if (ret <= 0)
		goto out;
	if (iocb->ki_pos >= size) {
		ret = -EFBIG;
		goto out;
	}
	count = iov_iter_count(from);
	iov_iter_truncate(from, size - iocb->ki_pos);
	cut = count - iov_iter_count(from);
	ret = dax_iomap_rw(iocb, from, &famfs_iomap_ops);
	iov_iter_reexpand(from, iov_iter_count(from) + cut);
out:
	inode_unlock(inode);
	famfs_stat_add(FAMFS_STAT_WRITES, 1);
	if (ret <= 0)
		return ret;
	famfs_stat_add(FAMFS_STAT_WRITE_BYTES, ret);
	failed = famfs_write_back(inode, iocb->ki_pos - ret, ret);
	return failed ? failed : ret;
}

/* Of fsync and msync: what was written through mappings. */
static int famfs_fsync(struct file *filp, loff_t start, loff_t end, int datasync)
{
	return famfs_write_back(file_inode(filp), start, (u64)end - start + 1);
}

/* nr_open counts the users whose path is the file's own mount. */
static int famfs_open(struct inode *inode, struct file *filp)
{
	struct famfs_file *file = famfs_file(inode);
	bool first = false;

	filp->f_mode |= FMODE_CAN_ODIRECT;
	spin_lock(&file->lock);
	if (filp->f_path.mnt == file->mount)
		first = !file->nr_open++;
	spin_unlock(&file->lock);
	if (first)
		famfs_claims_changed();
	return 0;
}

static int famfs_file_close(struct inode *inode, struct file *filp)
{
	struct famfs_file *file = famfs_file(inode);

	if (filp->f_path.mnt == file->mount)
		famfs_file_drop_user(file, &filp->f_path);
	return 0;
}

static int famfs_mmap_prepare(struct vm_area_desc *desc)
{
	struct inode *inode = file_inode(desc->file);

	/* MAP_SYNC: what it promises is not known of this memory. */
	if (!daxdev_mapping_supported(desc, inode,
				      famfs_file(inode)->map->extents[0].device->dax_dev))
		return -EOPNOTSUPP;
	desc->vm_ops = &famfs_vm_operations;
	vma_desc_set_flags(desc, VMA_HUGEPAGE_BIT);
	return 0;
}

static long famfs_file_info(struct inode *inode, unsigned int cmd, void __user *to)
{
	const struct famfs_file *file = famfs_file(inode);
	const struct famfs_map *map = file->map;
	const struct famfs_dax_file_info info = {
		.size = map->size,
		.capacity = map->capacity,
		.chunk_size = map->chunk_size,
		.type = map->chunk_size ? FAMFS_DAX_MAP_STRIPED : FAMFS_DAX_MAP_SIMPLE,
		.nr_extents = map->nr_extents,
		.flags = READ_ONCE(file->dead) ? FAMFS_DAX_FILE_DEAD : 0,
	};

	return famfs_copy_out(to, cmd, &info, sizeof(info));
}

static long famfs_ioctl(struct file *filp, unsigned int cmd, unsigned long address)
{
	struct inode *inode = file_inode(filp);
	void __user *user = (void __user *)address;
	struct famfs_dax_cache cache;
	int ret;

	if (_IOC_TYPE(cmd) != FAMFS_DAX_IOC_MAGIC)
		return -ENOTTY;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(FAMFS_DAX_IOC_FILE_INFO):
		return famfs_file_info(inode, cmd, user);
	case _IOC_NR(FAMFS_DAX_IOC_CACHE):
		ret = famfs_copy_in(&cache, sizeof(cache), cmd, user);
		return ret ? ret : famfs_cache(inode, &cache);
	default:
		return -ENOTTY;
	}
}

const struct file_operations famfs_file_operations = {
	.owner = THIS_MODULE,
	.open = famfs_open,
	.release = famfs_file_close,
	.llseek = generic_file_llseek,
	.read_iter = famfs_read_iter,
	.write_iter = famfs_write_iter,
	.splice_read = copy_splice_read,
	.splice_write = iter_file_splice_write,
	.mmap_prepare = famfs_mmap_prepare,
	.get_unmapped_area = thp_get_unmapped_area,
	.fsync = famfs_fsync,
	.unlocked_ioctl = famfs_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static int famfs_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
			 struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	int ret;

	if ((attr->ia_valid & ATTR_SIZE) && attr->ia_size != i_size_read(inode))
		return -EPERM;
	ret = setattr_prepare(idmap, dentry, attr);
	if (ret)
		return ret;
	setattr_copy(idmap, inode, attr);
	return 0;
}

static int famfs_fiemap(struct inode *inode, struct fiemap_extent_info *info,
			u64 start, u64 length)
{
	int ret;

	inode_lock_shared(inode);
	ret = iomap_fiemap(inode, info, start,
			   min_t(u64, length, i_size_read(inode)), &famfs_iomap_ops);
	inode_unlock_shared(inode);
	return ret;
}

const struct inode_operations famfs_inode_operations = {
	.setattr = famfs_setattr,
	.fiemap = famfs_fiemap,
};
