package main

import (
	"flag"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the tests compare with")

func TestMain(m *testing.M) {
	// The scripts wait for the app more than they compute, so more of them than
	// processors go on at a time. -parallel still decides.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"sow": main})
}

// canary is the API key of every script. Whatever a command prints or leaves
// behind is searched for it.
const canary = "c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0de"

// TestScript runs the scripts of testdata/script, each of which is a promise
// to users. Besides the commands of package testscript they have those of
// script_test.go.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("COMETCHAT_API_KEY", canary)
			env.Setenv("HOME", env.WorkDir)
			env.Values[processesKey{}] = processes{}
			env.Defer(func() { searchFiles(env.T(), env.WorkDir) })
			return nil
		},
		Condition: condition,
		Cmds:      scriptCommands(),
	})
}
