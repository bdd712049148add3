// SPDX-License-Identifier: GPL-2.0
/*
 * Inodes of extent files, and the internal file system they are in.
 *
 * Each control descriptor and each file hold the mount, the mount holds the
 * superblock, and that the module: it cannot go while code of it may run, and can
 * as soon as nothing is open.
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>

#include "internal.h"

#define FAMFS_SUPER_MAGIC 0x66616d64

static struct kmem_cache *famfs_file_cache;
static struct vfsmount *famfs_mount;
static int famfs_mount_count;

static struct inode *famfs_alloc_inode(struct super_block *sb)
{
	struct famfs_file *file = alloc_inode_sb(sb, famfs_file_cache, GFP_KERNEL);

	if (!file)
		return NULL;
	file->map = NULL;
	file->dead = false;
	file->abandoned = false;
	file->nr_open = 0;
	file->mount = NULL;
	famfs_park_prepare(file);
	return &file->inode;
}

static void famfs_free_inode(struct inode *inode)
{
	kmem_cache_free(famfs_file_cache, famfs_file(inode));
}

/*
 * The file is neither open nor mapped, and no page of it is pinned: its last user, or
 * the worker that took over, has left no page behind. Waiting here for a page would
 * block whoever drops the last reference.
 */
static void famfs_evict_inode(struct inode *inode)
{
	struct famfs_map *map = famfs_file(inode)->map;

	if (WARN_ON_ONCE(inode->i_data.nrpages))
		dax_break_layout_final(inode);
	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (!map)
		return;

	mutex_lock(&famfs_claims_lock);
	famfs_claim_release(map);
	famfs_claims_changed();
	mutex_unlock(&famfs_claims_lock);
	famfs_map_free(map);
	famfs_stat_add(FAMFS_STAT_FILES, -1);
}

static const struct super_operations famfs_super_operations = {
	.alloc_inode = famfs_alloc_inode,
	.free_inode = famfs_free_inode,
	.evict_inode = famfs_evict_inode,
	.drop_inode = inode_just_drop,
	.statfs = simple_statfs,
};

static int famfs_init_fs_context(struct fs_context *fc)
{
	struct pseudo_fs_context *ctx = init_pseudo(fc, FAMFS_SUPER_MAGIC);

	if (!ctx)
		return -ENOMEM;
	ctx->ops = &famfs_super_operations;
	return 0;
}

static struct file_system_type famfs_fs_type = {
	.owner = THIS_MODULE,
	.name = "famfs_dax",
	.init_fs_context = famfs_init_fs_context,
	.kill_sb = kill_anon_super,
};

/* As long as somebody has it pinned, new files can be made. */
int famfs_mount_pin(void)
{
	return simple_pin_fs(&famfs_fs_type, &famfs_mount, &famfs_mount_count);
}

void famfs_mount_unpin(void)
{
	simple_release_fs(&famfs_mount, &famfs_mount_count);
}

static const struct address_space_operations famfs_address_space_operations = {
	.dirty_folio = noop_dirty_folio,
};

static struct inode *famfs_inode_create(const struct famfs_map *map)
{
	struct inode *inode = new_inode(famfs_mount->mnt_sb);

	if (!inode)
		return NULL;
	inode->i_ino = get_next_ino();
	inode->i_mode = S_IFREG | 0600;
	inode->i_uid = current_fsuid();
	inode->i_gid = current_fsgid();
	/* Times are the business of the file system on top. */
	inode->i_flags |= S_DAX | S_NOATIME | S_NOCMTIME;
	inode->i_op = &famfs_inode_operations;
	inode->i_fop = &famfs_file_operations;
	inode->i_mapping->a_ops = &famfs_address_space_operations;
	inode_set_bytes(inode, map->capacity);
	i_size_write(inode, map->size);
	simple_inode_init_ts(inode);
	return inode;
}

/*
 * The path of a file that is open: as long as nr_open says so, its last user has
 * let go of neither dentry nor mount. Return: false if it is not open.
 */
static bool famfs_file_path(struct famfs_file *file, struct path *path)
{
	bool open;

	spin_lock(&file->lock);
	open = file->nr_open > 0;
	if (open) {
		path->dentry = d_find_any_alias(&file->inode);
		path->mnt = mntget(file->mount);
	}
	spin_unlock(&file->lock);
	return open;
}

static struct file *famfs_file_reopen(struct path *path, int flags)
{
	struct file *filp = dentry_open(path, flags, current_cred());

	path_put(path);
	if (!IS_ERR(filp))
		famfs_stat_add(FAMFS_STAT_FILES_SHARED, 1);
	return filp;
}

/* The first open of a file whose map is claimed. Takes over the inode. */
static struct file *famfs_file_open_new(struct inode *inode, int flags)
{
	struct famfs_file *file = famfs_file(inode);
	struct file *filp;

	/* Closing drops a reference on the module that this kind of open does not take. */
	__module_get(THIS_MODULE);
	filp = alloc_file_pseudo(inode, famfs_mount, "extent_file", flags,
				 &famfs_file_operations);
	if (IS_ERR(filp)) {
		module_put(THIS_MODULE);
		iput(inode);
		return filp;
	}
	filp->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE | FMODE_CAN_ODIRECT;

	spin_lock(&file->lock);
	file->mount = filp->f_path.mnt;
	file->nr_open = 1;
	spin_unlock(&file->lock);
	famfs_claims_changed();
	return filp;
}

/*
 * Claim the ranges of a new file, or find the open file that has them.
 *
 * Return: 0 if they are claimed; 1 if @share and @path, with references, is that of a
 * file with an equal map; or a negative errno.
 */
static int famfs_claim_or_share(struct famfs_map *map, bool share, struct path *path)
{
	struct famfs_map *owner;
	unsigned int generation;
	bool equal, open;
	int ret;

	do {
		mutex_lock(&famfs_claims_lock);
		ret = famfs_claim_map(map, &owner);
		if (!ret)
			famfs_file(map->inode)->map = map;
		if (ret != -EBUSY) {
			mutex_unlock(&famfs_claims_lock);
			return ret;
		}
		generation = famfs_claims_generation();
		equal = famfs_map_equal(owner, map);
		open = famfs_file_path(famfs_file(owner->inode), path);
		mutex_unlock(&famfs_claims_lock);

		if (open && share && equal)
			return 1;
		if (open) {
			path_put(path);
			return -EBUSY;
		}
		/* The owner is being created or torn down. */
		ret = famfs_claims_wait_killable(generation);
	} while (!ret);
	return ret;
}

/**
 * famfs_file_create() - make a file, or open the one with the same map
 * @map: checked map, taken over in any case
 * @flags: of open(2)
 * @share: a living file with an equal map is as good as a new one
 *
 * Context: the caller has the mount pinned and keeps the map's devices alive.
 * Return: an open file, or ERR_PTR.
 */
struct file *famfs_file_create(struct famfs_map *map, int flags, bool share)
{
	struct inode *inode;
	struct path path;
	int ret;

	inode = famfs_inode_create(map);
	if (!inode) {
		famfs_map_free(map);
		return ERR_PTR(-ENOMEM);
	}
	map->inode = inode;

	ret = famfs_claim_or_share(map, share, &path);
	if (!ret) {
		famfs_stat_add(FAMFS_STAT_FILES, 1);
		famfs_stat_add(FAMFS_STAT_FILES_CREATED, 1);
		return famfs_file_open_new(inode, flags);
	}
	iput(inode);
	famfs_map_free(map);
	return ret > 0 ? famfs_file_reopen(&path, flags) : ERR_PTR(ret);
}

static void famfs_file_init_once(void *memory)
{
	struct famfs_file *file = memory;

	inode_init_once(&file->inode);
	spin_lock_init(&file->lock);
}

int famfs_inodes_init(void)
{
	int ret;

	famfs_file_cache = kmem_cache_create("famfs_dax_file", sizeof(struct famfs_file),
					     0, SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT,
					     famfs_file_init_once);
	if (!famfs_file_cache)
		return -ENOMEM;
	ret = famfs_parking_init();
	if (ret)
		goto err_cache;
	ret = register_filesystem(&famfs_fs_type);
	if (ret)
		goto err_parking;
	return 0;

err_parking:
	famfs_parking_exit();
err_cache:
	kmem_cache_destroy(famfs_file_cache);
	return ret;
}

void famfs_inodes_exit(void)
{
	unregister_filesystem(&famfs_fs_type);
	famfs_parking_exit();
	rcu_barrier();	/* inodes are freed by RCU */
	kmem_cache_destroy(famfs_file_cache);
}
