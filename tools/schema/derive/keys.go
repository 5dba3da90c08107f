package main

import "strings"

// keepKeyDefaults drops every default but those of list-map keys: the others
// are rules of the API server, not facts of the schema.
func keepKeyDefaults(fs *facts) {
	keys := map[string]map[string]bool{}
	for _, s := range fs.structs {
		for _, f := range s.fields {
			list, ok := strings.CutPrefix(f.list, "map:")
			if !ok {
				continue
			}
			elem := strings.TrimPrefix(f.typ, "[]")
			for _, k := range strings.Split(list, ",") {
				if keys[elem] == nil {
					keys[elem] = map[string]bool{}
				}
				keys[elem][k] = true
			}
		}
	}
	for name, s := range fs.structs {
		for i := range s.fields {
			if !keys[name][s.fields[i].name] {
				s.fields[i].def = ""
			}
		}
	}
}
