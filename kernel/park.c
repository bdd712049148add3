// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a file's use. Its last user may leave pages behind that are pinned: in a
 * pipe (vmsplice), or by I/O to a mapping that is gone. Until they are back the inode
 * must stay, for the memory's folios name its mapping, and no other file may claim the
 * ranges. That may last for ever, so no task waits for it: the file is parked, as if one
 * user still had it open, and a worker tries again from time to time. While it is parked
 * it can be opened by its map, as any living file.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "internal.h"

/* Pins of I/O are short, those of pipes may last: try soon, then less and less often. */
#define FAMFS_RETRY_FIRST	msecs_to_jiffies(10)
#define FAMFS_RETRY_MAX		msecs_to_jiffies(1000)

static struct workqueue_struct *famfs_park_queue;

/*
 * Stop being a user, unless the caller is the last one and there are pages that may be
 * pinned. While the caller is the last one, no page can be added: that takes a mapping.
 */
static bool famfs_file_leave(struct famfs_file *file)
{
	bool left;

	spin_lock(&file->lock);
	left = file->nr_open > 1 || !READ_ONCE(file->inode.i_data.nrpages);
	if (left)
		file->nr_open--;
	spin_unlock(&file->lock);
	return left;
}

/*
 * Part the file and its pages, if none is pinned. A page that was pinned when looked at
 * last is looked at first, so that waiting for it does not cost a walk over the whole
 * file each time.
 */
static bool famfs_file_pinned(struct famfs_file *file)
{
	struct address_space *mapping = &file->inode.i_data;
	struct page *page;

	filemap_invalidate_lock(mapping);
	page = dax_layout_busy_page_range(mapping, file->busy_pos, LLONG_MAX);
	if (!page && file->busy_pos)
		page = dax_layout_busy_page_range(mapping, 0, LLONG_MAX);
	if (page)
		file->busy_pos = folio_pos(page_folio(page));
	else
		dax_delete_mapping_range(mapping, 0, LLONG_MAX);
	filemap_invalidate_unlock(mapping);
	return page;
}

/* Return: false if pages are pinned; then the caller still is a user. */
static bool famfs_file_try_leave(struct famfs_file *file)
{
	while (!famfs_file_leave(file))
		if (famfs_file_pinned(file))
			return false;
	return true;
}

static void famfs_park_retry_later(struct famfs_file *file)
{
	queue_delayed_work(famfs_park_queue, &file->retry, file->retry_delay);
	file->retry_delay = min(file->retry_delay * 2, FAMFS_RETRY_MAX);
}

static void famfs_park_retry(struct work_struct *work)
{
	struct famfs_file *file = container_of(to_delayed_work(work), struct famfs_file,
					       retry);
	/* Once the worker has left, another last user may park the file anew. */
	struct path path = file->parked;

	if (!famfs_file_try_leave(file)) {
		famfs_park_retry_later(file);
		return;
	}
	famfs_claims_pinned(file->map, false);
	path_put(&path);
}

/**
 * famfs_file_drop_user() - stop being a user of a file
 * @file: file, of which the caller is a user
 * @path: the caller's, valid over this call
 *
 * The work for the last user is in proportion to the pages of the file that were mapped.
 * It does not wait for pinned pages.
 */
void famfs_file_drop_user(struct famfs_file *file, const struct path *path)
{
	if (famfs_file_try_leave(file))
		return;

	/* The worker takes over the place among the users. */
	file->parked = *path;
	path_get(&file->parked);
	file->retry_delay = FAMFS_RETRY_FIRST;
	famfs_claims_pinned(file->map, true);
	famfs_park_retry_later(file);
}

void famfs_park_prepare(struct famfs_file *file)
{
	INIT_DELAYED_WORK(&file->retry, famfs_park_retry);
	file->busy_pos = 0;
}

int famfs_parking_init(void)
{
	famfs_park_queue = alloc_workqueue("famfs_dax", WQ_UNBOUND, 0);
	return famfs_park_queue ? 0 : -ENOMEM;
}

/* A parked file pins the module, so only the last steps of a worker are waited for. */
void famfs_parking_exit(void)
{
	destroy_workqueue(famfs_park_queue);
}
