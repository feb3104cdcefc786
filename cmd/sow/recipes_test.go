package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"
)

const recipes = "../../docs/scale"

// recipe is what an engine is told to run: one command, then one for every
// index, then one that brings all together.
type recipe struct {
	first, worker, last string
	indices             []string
	variable            string // that holds the index of a worker
	dir                 string // where the commands find the dataset and the shards
}

// TestRecipes runs the very commands of the recipes in docs/scale, with the
// variables that their engines set, several workers at a time, against an app.
// Then nothing may be left to do, and everything be there once.
func TestRecipes(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(*testing.T) recipe{
		"kubernetes": kubernetesRecipe, "github": githubRecipe, "aws-batch": batchRecipe,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := read(t)
			h := newQuietHistory(t)
			r.carryOut(t, h)
		})
	}
}

func (r recipe) carryOut(t *testing.T, h *history) {
	d := dataset{people: 6, groups: 2, pairs: 4, messages: 12}
	dir := filepath.Join(h.dir, "demo")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(d.hcl(), `dataset = "kill"`, `dataset = "demo"`, 1)
	if err := os.WriteFile(filepath.Join(dir, "main.sow.hcl"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(script string, env ...string) error {
		cmd := exec.Command("sh", "-euc", strings.ReplaceAll(script, r.dir, h.dir))
		cmd.Dir = h.dir
		cmd.Env = slices.Concat(h.command().Env, env)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s %v: %w\n%s", script, env, err, out)
		}
		return nil
	}
	if err := run(r.first); err != nil {
		t.Fatal(err)
	}
	var group errgroup.Group
	group.SetLimit(4)
	for _, index := range r.indices {
		group.Go(func() error { return run(r.worker, r.variable+"="+index) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := run(r.last); err != nil {
		t.Fatal(err)
	}
	h.dir = dir
	h.verify(d)
}

// kubernetesRecipe reads the jobs of the manifest.
func kubernetesRecipe(t *testing.T) recipe {
	r := recipe{variable: "JOB_COMPLETION_INDEX", dir: "/seed"}
	file, err := os.Open(filepath.Join(recipes, "kubernetes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var names []string
	for in := yaml.NewDecoder(file); ; {
		var job map[string]any
		if err := in.Decode(&job); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		known(t, job, "", map[string]string{
			"":                                  "apiVersion kind metadata spec",
			"metadata":                          "name labels",
			"spec":                              "backoffLimit backoffLimitPerIndex completionMode completions parallelism template",
			"spec.template":                     "spec",
			"spec.template.spec":                "restartPolicy terminationGracePeriodSeconds containers volumes",
			"spec.template.spec.containers":     "name image command env volumeMounts",
			"spec.template.spec.containers.env": "name value valueFrom",
			"spec.template.spec.containers.env.valueFrom":              "secretKeyRef",
			"spec.template.spec.containers.env.valueFrom.secretKeyRef": "name key",
			"spec.template.spec.containers.volumeMounts":               "name mountPath",
			"spec.template.spec.volumes":                               "name persistentVolumeClaim",
			"spec.template.spec.volumes.persistentVolumeClaim":         "claimName",
		})
		if job["apiVersion"] != "batch/v1" || job["kind"] != "Job" {
			t.Errorf("%v %v is no job", job["apiVersion"], job["kind"])
		}
		name := at(t, job, "metadata", "name").(string)
		names = append(names, name)
		command := at(t, job, "spec", "template", "spec", "containers", 0, "command").([]any)
		if command[0] != "sh" || command[1] != "-euc" || len(command) != 3 {
			t.Errorf("%v is another command than the test runs", command)
		}
		script := command[2].(string)
		switch name {
		case "sow-first":
			r.first = script
		case "sow-workers":
			r.worker = script
			n := at(t, job, "spec", "completions").(int)
			if at(t, job, "spec", "completionMode") != "Indexed" {
				t.Error("the workers have no index")
			}
			for k := range n {
				r.indices = append(r.indices, strconv.Itoa(k))
			}
		case "sow-merge":
			r.last = script
		}
	}
	if !slices.Equal(names, []string{"sow-first", "sow-workers", "sow-merge"}) {
		t.Errorf("the jobs are %v", names)
	}
	return r
}

// githubRecipe reads the steps of the workflow.
func githubRecipe(t *testing.T) recipe {
	text, err := os.ReadFile(filepath.Join(recipes, "github.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var workflow map[string]any
	if err := yaml.Unmarshal(text, &workflow); err != nil {
		t.Fatal(err)
	}
	const step = "name uses with run env if continue-on-error"
	keys := map[string]string{"": "name on permissions concurrency env jobs", "jobs": "first workers merge", "concurrency": "group"}
	for _, job := range []string{"first", "workers", "merge"} {
		keys["jobs."+job] = "needs if runs-on timeout-minutes strategy steps"
		keys["jobs."+job+".strategy"] = "fail-fast matrix"
		keys["jobs."+job+".steps"] = step
		keys["jobs."+job+".steps.with"] = "name path go-version merge-multiple overwrite"
	}
	known(t, workflow, "", keys)
	scripts := func(job string) string {
		var all []string
		for _, s := range at(t, workflow, "jobs", job, "steps").([]any) {
			if run, ok := s.(map[string]any)["run"].(string); ok && !strings.HasPrefix(run, "go install ") {
				all = append(all, run)
			}
		}
		return strings.Join(all, "\n")
	}
	r := recipe{first: scripts("first"), worker: scripts("workers"), last: scripts("merge"), variable: "INDEX", dir: "\x00"}
	for _, index := range at(t, workflow, "jobs", "workers", "strategy", "matrix", "index").([]any) {
		r.indices = append(r.indices, fmt.Sprint(index))
	}
	if !bytes.Contains(text, []byte("INDEX: ${{ matrix.index }}")) {
		t.Error("the workers have no index")
	}
	for _, script := range []string{r.first, r.worker, r.last} {
		if strings.Contains(script, "${{") {
			t.Errorf("an expression stands in a script, where it could become part of a command:\n%s", script)
		}
	}
	return r
}

// batchRecipe reads the requests to AWS Batch.
func batchRecipe(t *testing.T) recipe {
	read := func(name string) map[string]any {
		text, err := os.ReadFile(filepath.Join(recipes, name))
		if err != nil {
			t.Fatal(err)
		}
		var request map[string]any
		if err := json.Unmarshal(text, &request); err != nil {
			t.Fatal(err)
		}
		return request
	}
	known(t, read("aws-batch-definition.json"), "", map[string]string{
		"":                    "jobDefinitionName type retryStrategy timeout containerProperties",
		"retryStrategy":       "attempts",
		"timeout":             "attemptDurationSeconds",
		"containerProperties": "image executionRoleArn resourceRequirements environment secrets volumes mountPoints command",
		"containerProperties.resourceRequirements":           "type value",
		"containerProperties.environment":                    "name value",
		"containerProperties.secrets":                        "name valueFrom",
		"containerProperties.volumes":                        "name efsVolumeConfiguration",
		"containerProperties.volumes.efsVolumeConfiguration": "fileSystemId transitEncryption",
		"containerProperties.mountPoints":                    "sourceVolume containerPath",
	})
	script := func(name string) (request map[string]any, script string) {
		request = read(name)
		known(t, request, "", map[string]string{
			"": "jobName jobQueue jobDefinition arrayProperties containerOverrides", "arrayProperties": "size", "containerOverrides": "command",
		})
		command := at(t, request, "containerOverrides", "command").([]any)
		if command[0] != "sh" || command[1] != "-euc" || len(command) != 3 {
			t.Errorf("%v is another command than the test runs", command)
		}
		return request, command[2].(string)
	}
	r := recipe{variable: "AWS_BATCH_JOB_ARRAY_INDEX", dir: "/seed"}
	_, r.first = script("aws-batch-first.json")
	workers, worker := script("aws-batch-workers.json")
	_, r.last = script("aws-batch-merge.json")
	r.worker = worker
	for k := range int(at(t, workers, "arrayProperties", "size").(float64)) {
		r.indices = append(r.indices, strconv.Itoa(k))
	}
	return r
}

// at follows a path of keys and indices.
func at(t *testing.T, value any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch s := step.(type) {
		case string:
			value = value.(map[string]any)[s]
		case int:
			value = value.([]any)[s]
		}
	}
	if value == nil {
		t.Fatalf("there is nothing at %v", path)
	}
	return value
}

// known holds the keys of a document against those that the engine has at each
// place. Places that are not listed may have any.
func known(t *testing.T, value any, place string, keys map[string]string) {
	t.Helper()
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			known(t, item, place, keys)
		}
	case map[string]any:
		for key, item := range v {
			if listed, ok := keys[place]; ok && !slices.Contains(strings.Fields(listed), key) {
				t.Errorf("%q is no key of %q", key, place)
			}
			known(t, item, strings.TrimPrefix(place+"."+key, "."), keys)
		}
	}
}
