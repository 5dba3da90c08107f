# cmake -DOUT=file -DFILES=a|b|c -P concat.cmake: the YAML documents of all files as one stream.
string(REPLACE "|" ";" files "${FILES}")
set(text "")
foreach(file ${files})
  file(READ ${file} part)
  string(APPEND text "---\n${part}\n")
endforeach()
file(WRITE ${OUT} "${text}")
