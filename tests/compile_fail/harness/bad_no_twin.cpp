// refused: the file has no twin
// expect: some_name
int a = some_name;
