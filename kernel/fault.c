// SPDX-License-Identifier: GPL-2.0
/*
 * Page faults of mapped extent files.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "internal.h"

static void famfs_count_fault(unsigned int order, vm_fault_t ret)
{
	if (ret & VM_FAULT_ERROR)
		famfs_stat_add(FAMFS_STAT_FAULTS_FAILED, 1);
	else if (!order)
		famfs_stat_add(FAMFS_STAT_FAULTS_PTE, 1);
	else if (ret & VM_FAULT_FALLBACK)
		famfs_stat_add(FAMFS_STAT_FAULTS_PMD_FALLBACK, 1);
	else
		famfs_stat_add(FAMFS_STAT_FAULTS_PMD, 1);
}

/*
 * The lock keeps a device's removal out: either it sees and unmaps what is mapped
 * here, or this sees that the file is dead.
 */
static vm_fault_t famfs_fault_locked(struct vm_fault *vmf, unsigned int order)
{
	struct inode *inode = file_inode(vmf->vma->vm_file);
	struct address_space *mapping = inode->i_mapping;
	unsigned long pfn;
	vm_fault_t ret;

	filemap_invalidate_lock_shared(mapping);
	if (READ_ONCE(famfs_file(inode)->dead))
		ret = VM_FAULT_SIGBUS;
	else
		ret = dax_iomap_fault(vmf, order, &pfn, NULL, &famfs_iomap_ops);
	filemap_invalidate_unlock_shared(mapping);
	return ret;
}

static vm_fault_t famfs_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct super_block *sb = file_inode(vmf->vma->vm_file)->i_sb;
	bool shared_write = (vmf->flags & FAULT_FLAG_WRITE) &&
			    (vmf->vma->vm_flags & VM_SHARED);
	vm_fault_t ret;

	if (order != 0 && order != PMD_ORDER)
		return VM_FAULT_FALLBACK;

	if (shared_write)
		sb_start_pagefault(sb);
	ret = famfs_fault_locked(vmf, order);
	if (shared_write)
		sb_end_pagefault(sb);

	famfs_count_fault(order, ret);
	return ret;
}

static vm_fault_t famfs_fault(struct vm_fault *vmf)
{
	return famfs_huge_fault(vmf, 0);
}

const struct vm_operations_struct famfs_vm_operations = {
	.fault = famfs_fault,
	.huge_fault = famfs_huge_fault,
	.page_mkwrite = famfs_fault,
	.pfn_mkwrite = famfs_fault,
};
