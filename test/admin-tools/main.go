// Command admin-tools is Helm itself, and the parser that Prometheus reads its rules with, for the tests of the
// manifests. Neither is offered by a package registry as a binary, but both build as Go dependencies. Of Prometheus it
// is the packages that promtool checks rules with: all of promtool links every service discovery there is.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	helm "helm.sh/helm/v4/pkg/cmd"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "rules" {
		fail(runRules(os.Stdin, os.Stdout))
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "queries" {
		fail(runQueries(os.Stdin, os.Stdout))
		return
	}
	root, err := helm.NewRootCmd(os.Stdout, os.Args[1:], helm.SetupLogging)
	fail(err)
	if root.Execute() != nil { // it has said why
		os.Exit(1)
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type selector struct {
	Metric string   `json:"metric"`
	Labels []string `json:"labels"`
}

type report struct {
	Errors []string `json:"errors"`
	// By alert or query: what it reads.
	Selectors map[string][]selector `json:"selectors"`
}

// runRules reads a rule file, as Prometheus would, and tells its faults and what each alert reads.
func runRules(in io.Reader, out io.Writer) error {
	content, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	found := report{Errors: []string{}, Selectors: map[string][]selector{}}
	queries := parser.NewParser(parser.Options{})
	groups, errs := rulefmt.Parse(content, false, model.UTF8Validation, queries, slog.New(slog.DiscardHandler))
	for _, one := range errs {
		found.Errors = append(found.Errors, one.Error())
	}
	if groups != nil {
		for _, group := range groups.Groups {
			for _, rule := range group.Rules {
				found.read(queries, rule.Alert, rule.Expr)
			}
		}
	}
	return json.NewEncoder(out).Encode(found)
}

// runQueries reads a JSON list of expressions.
func runQueries(in io.Reader, out io.Writer) error {
	var expressions []string
	if err := json.NewDecoder(in).Decode(&expressions); err != nil {
		return err
	}
	found := report{Errors: []string{}, Selectors: map[string][]selector{}}
	for _, expression := range expressions {
		found.read(parser.NewParser(parser.Options{}), expression, expression)
	}
	return json.NewEncoder(out).Encode(found)
}

func (r *report) read(queries parser.Parser, name, expression string) {
	parsed, err := queries.ParseExpr(expression)
	if err != nil {
		r.Errors = append(r.Errors, name+": "+err.Error())
		return
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if vector, ok := node.(*parser.VectorSelector); ok {
			one := selector{Metric: vector.Name, Labels: []string{}}
			for _, matcher := range vector.LabelMatchers {
				if matcher.Name != labels.MetricName {
					one.Labels = append(one.Labels, matcher.Name)
				}
			}
			r.Selectors[name] = append(r.Selectors[name], one)
		}
		return nil
	})
}
