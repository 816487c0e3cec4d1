/** Names of methods and functions whose effects are known. */

/** Methods of strings and containers that change nothing. */
export const PURE =
  /^(keys|values|items|get|copy|count|index|lower|upper|title|strip|lstrip|rstrip|split|rsplit|splitlines|join|format|replace|startswith|endswith|encode|decode|union|intersection|difference|isdigit|isalpha|most_common|as_posix|resolve|joinpath|with_suffix|with_name|exists|is_file)$/;
/** Names of decorators and functions outside the folder that store their arguments. */
export const KEEPS =
  /(^|_)(un)?register|subscribe|(^|_)hook|(^|_)listen|receiver|add_dll_directory/i;
/** Methods of containers and loggers that change only their own object. */
export const CHANGE =
  /\.(append|extend|insert|add|update|setdefault|pop|popitem|remove|discard|clear|sort|reverse|addHandler|setLevel)$/;
export const SET_ATTRIBUTE = new Set(['setattr', 'delattr']);
/**
 * Changes of Python's search path, such as `sys.path.append(…)`. These changes are left out: a definition needs no
 * other folder and must not add a folder to the path.
 */
export const SEARCH_PATH = /^(sys|site)\s*\.\s*(path\s*\.\s*\w+|addsitedir)$/;
/** Methods of a base class that Python calls when a subclass is created. */
export const HOOKS = ['__init_subclass__'];
