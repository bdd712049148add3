// SPDX-License-Identifier: GPL-2.0
/*
 * Maps: where in which device each byte of a file lies. Everything user space
 * says is checked here, except overlap, which takes all living files (claim.c).
 */
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

static int famfs_check_header(const struct famfs_dax_create *arg)
{
	u64 chunk = arg->chunk_size;

	if (!arg->size || !arg->nr_extents || arg->reserved)
		return -EINVAL;

	switch (arg->type) {
	case FAMFS_DAX_MAP_SIMPLE:
		if (arg->nr_extents > FAMFS_DAX_MAX_EXTENTS || chunk)
			return -EINVAL;
		return 0;
	case FAMFS_DAX_MAP_STRIPED:
		if (arg->nr_extents > FAMFS_DAX_MAX_STRIPS)
			return -EINVAL;
		if (!is_power_of_2(chunk) || !PAGE_ALIGNED(chunk))
			return -EINVAL;
		return 0;
	default:
		return -EINVAL;
	}
}

static int famfs_check_extent(const struct famfs_dax_extent *in,
			      const struct famfs_dax_extent *first, u64 chunk_size)
{
	if (!in->length || in->reserved)
		return -EINVAL;
	if (!PAGE_ALIGNED(in->offset) || !PAGE_ALIGNED(in->length))
		return -EINVAL;
	if (chunk_size &&
	    (in->length != first->length || (in->length & (chunk_size - 1))))
		return -EINVAL;
	return 0;
}

static int famfs_fill_map(struct famfs_map *map, const struct famfs_dax_extent *in,
			  famfs_device_lookup_t lookup, void *context)
{
	u64 end;

	for (unsigned int i = 0; i < map->nr_extents; i++) {
		struct famfs_extent *extent = &map->extents[i];
		int ret;

		ret = famfs_check_extent(&in[i], &in[0], map->chunk_size);
		if (ret)
			return ret;
		extent->device = lookup(context, in[i].device);
		if (IS_ERR(extent->device))
			return PTR_ERR(extent->device);
		if (check_add_overflow(in[i].offset, in[i].length, &end) ||
		    end > extent->device->size)
			return -ERANGE;
		extent->map = map;
		extent->offset = in[i].offset;
		extent->length = in[i].length;
		extent->start = map->capacity;
		if (check_add_overflow(map->capacity, in[i].length, &map->capacity) ||
		    map->capacity > MAX_LFS_FILESIZE)
			return -ERANGE;
	}
	return map->size > map->capacity ? -ERANGE : 0;
}

/**
 * famfs_map_create() - check and copy the map of a new file
 * @arg: as user space passed it; flags are not looked at
 * @lookup: translates device numbers
 * @context: passed to @lookup
 *
 * The devices are borrowed from the caller until the map is claimed.
 *
 * Return: the map, or ERR_PTR of EINVAL, ERANGE, EFAULT, ENOMEM or what @lookup said.
 */
struct famfs_map *famfs_map_create(const struct famfs_dax_create *arg,
				   famfs_device_lookup_t lookup, void *context)
{
	struct famfs_dax_extent *in;
	struct famfs_map *map;
	int ret;

	ret = famfs_check_header(arg);
	if (ret)
		return ERR_PTR(ret);

	in = vmemdup_array_user(u64_to_user_ptr(arg->extents), arg->nr_extents,
				sizeof(*in));
	if (IS_ERR(in))
		return ERR_CAST(in);

	map = kvzalloc(struct_size(map, extents, arg->nr_extents), GFP_KERNEL_ACCOUNT);
	if (!map) {
		ret = -ENOMEM;
		goto out;
	}
	map->nr_extents = arg->nr_extents;
	map->size = arg->size;
	map->chunk_size = arg->chunk_size;
	ret = famfs_fill_map(map, in, lookup, context);
out:
	kvfree(in);
	if (ret) {
		famfs_map_free(map);
		return ERR_PTR(ret);
	}
	return map;
}

void famfs_map_free(struct famfs_map *map)
{
	kvfree(map);
}

/**
 * famfs_map_equal() - do two maps describe the same file
 * @a: a map
 * @b: a map
 *
 * Return: true if the size and the place of every byte are the same, and so is
 * the way they are written down.
 */
bool famfs_map_equal(const struct famfs_map *a, const struct famfs_map *b)
{
	if (a->size != b->size || a->chunk_size != b->chunk_size ||
	    a->nr_extents != b->nr_extents)
		return false;
	for (unsigned int i = 0; i < a->nr_extents; i++)
		if (a->extents[i].device != b->extents[i].device ||
		    a->extents[i].offset != b->extents[i].offset ||
		    a->extents[i].length != b->extents[i].length)
			return false;
	return true;
}

static void famfs_find_chunk(const struct famfs_map *map, u64 pos,
			     struct famfs_piece *piece)
{
	unsigned int shift = ilog2(map->chunk_size);
	const struct famfs_extent *strip;
	u32 index;
	u64 row;

	row = div_u64_rem(pos >> shift, map->nr_extents, &index);
	strip = &map->extents[index];
	piece->device = strip->device;
	piece->start = round_down(pos, map->chunk_size);
	piece->offset = strip->offset + (row << shift);
	piece->length = map->chunk_size;
}

static void famfs_find_extent(const struct famfs_map *map, u64 pos,
			      struct famfs_piece *piece)
{
	const struct famfs_extent *extent;
	unsigned int low = 0, high = map->nr_extents;

	while (high - low > 1) {
		unsigned int middle = low + (high - low) / 2;

		if (map->extents[middle].start <= pos)
			low = middle;
		else
			high = middle;
	}
	extent = &map->extents[low];
	piece->device = extent->device;
	piece->start = extent->start;
	piece->offset = extent->offset;
	piece->length = extent->length;
}

/**
 * famfs_map_find() - where a byte of a file lies
 * @map: map
 * @pos: offset in the file, below the map's capacity
 * @piece: out: the extent, or the chunk of a striped map, that has this byte,
 *	cut so that it is in one piece physically
 *
 * Constant time for striped maps, logarithmic in the extents for simple ones.
 */
void famfs_map_find(const struct famfs_map *map, u64 pos, struct famfs_piece *piece)
{
	u64 skip;

	if (map->chunk_size)
		famfs_find_chunk(map, pos, piece);
	else
		famfs_find_extent(map, pos, piece);

	if (piece->device->nr_ranges == 1)
		return;

	/* Keep the part from pos's page on: that is what the caller asks about. */
	skip = round_down(pos - piece->start, PAGE_SIZE);
	piece->start += skip;
	piece->offset += skip;
	piece->length = famfs_device_contiguous(piece->device, piece->offset,
						piece->length - skip);
}

/**
 * famfs_map_position() - which byte of its file a byte of a device is
 * @extent: the extent or strip that has it
 * @offset: in the device
 *
 * Return: offset in the file.
 */
u64 famfs_map_position(const struct famfs_extent *extent, u64 offset)
{
	const struct famfs_map *map = extent->map;
	unsigned int shift;
	u64 row;

	offset -= extent->offset;
	if (!map->chunk_size)
		return extent->start + offset;
	shift = ilog2(map->chunk_size);
	row = offset >> shift;
	return ((row * map->nr_extents + (extent - map->extents)) << shift) +
	       (offset & (map->chunk_size - 1));
}
