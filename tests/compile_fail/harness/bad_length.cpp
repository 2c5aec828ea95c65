// refused: it must have fewer than 3
// expect: some_name
// max_lines: 3
#ifndef TENON_TWIN
int a = some_name;
#endif
