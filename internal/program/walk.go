package program

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// walk visits v and all that it holds, each with its path as the data files spell it: courses[using-data].version.
// Items of a list are named by their id, with their version if they have one, or by their index when they have none.
func walk(path string, v reflect.Value, visit func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walk(path, v.Elem(), visit)
		}
	case reflect.Slice:
		visit(path, v)
		for i := range v.Len() {
			walk(at(path, i, keyOf(v.Index(i))), v.Index(i), visit)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		visit(path, v)
		for field, value := range v.Fields() {
			if field.Anonymous { // a trace: part of the item that has it
				continue
			}
			key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			walk(strings.TrimPrefix(path+"."+key, "."), value, visit)
		}
	}
}

// at is the path of a list's item.
func at(path string, index int, id string) string {
	if id == "" {
		id = fmt.Sprint(index)
	}
	return path + "[" + id + "]"
}
