/*
 * The names of needs, for help and completion.
 */
#include "api/options.h"
#include "rootfs/needs.h"

bool sp_options_need(size_t index, const char **ret_name, const char **ret_help)
{
	if (index >= sp_need_table_nr)
		return false;
	*ret_name = sp_need_table[index].name;
	*ret_help = sp_need_table[index].help;
	return true;
}
