package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"
	luajson "layeh.com/gopher-json"
)

// runLua is what Argo CD does with a script: base and table, nothing else of the libraries, time and date of os, a
// second to run. See runLuaWithResourceActionParameters in util/lua/lua.go of argo-cd v3.
func runLua(script string, obj map[string]any) ([]byte, error) {
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}} {
		if err := l.CallByParam(lua.P{Fn: l.NewFunction(library.open), Protect: true}, lua.LString(library.name)); err != nil {
			return nil, err
		}
	}
	l.PreloadModule(lua.OsLibName, safeOs)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	l.SetContext(ctx)
	l.SetGlobal("actionParams", l.NewTable())
	l.SetGlobal("obj", toLua(l, obj))
	if err := l.DoString(script); err != nil {
		return nil, err
	}
	value := l.Get(-1)
	if value.Type() != lua.LTTable {
		return nil, fmt.Errorf("expect table output from Lua script, not %s", value.Type())
	}
	return luajson.Encode(value)
}

// safeOs has of the os library what Argo CD leaves of it.
func safeOs(l *lua.LState) int {
	lua.OpenOs(l)
	whole := l.Get(-1).(*lua.LTable)
	safe := l.NewTable()
	for _, name := range []string{"time", "date"} {
		safe.RawSetString(name, whole.RawGetString(name))
	}
	l.SetGlobal(lua.OsLibName, lua.LNil)
	l.Push(safe)
	return 1
}

func toLua(l *lua.LState, value any) lua.LValue {
	switch typed := value.(type) {
	case bool:
		return lua.LBool(typed)
	case float64:
		return lua.LNumber(typed)
	case int64:
		return lua.LNumber(typed)
	case string:
		return lua.LString(typed)
	case []any:
		table := l.CreateTable(len(typed), 0)
		for _, each := range typed {
			table.Append(toLua(l, each))
		}
		return table
	case map[string]any:
		table := l.CreateTable(0, len(typed))
		for key, each := range typed {
			table.RawSetString(key, toLua(l, each))
		}
		return table
	}
	return lua.LNil
}

// argoHealth answers with what a health script says of each object.
func argoHealth(args []string) (any, error) {
	return eachByScript(args, func(_ map[string]any, result any) any { return result })
}

// argoAction answers with what an action, or the discovery of actions, makes of each object.
func argoAction(args []string) (any, error) {
	return eachByScript(args, func(obj map[string]any, result any) any { return cleaned(result, obj) })
}

func eachByScript(args []string, finish func(obj map[string]any, result any) any) (any, error) {
	script, err := os.ReadFile(args[0])
	if err != nil {
		return nil, err
	}
	list, err := objects()
	if err != nil {
		return nil, err
	}
	results := make([]any, 0, len(list))
	for _, obj := range list {
		text, err := runLua(string(script), obj)
		if err != nil {
			return nil, err
		}
		var result any
		if err := json.Unmarshal(text, &result); err != nil {
			return nil, err
		}
		results = append(results, finish(obj, result))
	}
	return results, nil
}

// cleaned puts back objects that came out as empty lists: to Lua both are an empty table. Argo CD does the same.
func cleaned(now, before any) any {
	switch typed := now.(type) {
	case map[string]any:
		if old, ok := before.(map[string]any); ok {
			for key, each := range typed {
				typed[key] = cleaned(each, old[key])
			}
		}
	case []any:
		if _, ok := before.(map[string]any); ok && len(typed) == 0 {
			return map[string]any{}
		}
		if old, ok := before.([]any); ok {
			for index := range min(len(typed), len(old)) {
				typed[index] = cleaned(typed[index], old[index])
			}
		}
	}
	return now
}
