package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"os"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	componentresource "k8s.io/component-helpers/resource"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	podregistry "k8s.io/kubernetes/pkg/registry/core/pod"
)

// maxLine bounds a line of input: a pod is at most 1.5 MiB, etcd's limit of a request.
const maxLine = 2 << 20

type amount struct {
	Text  string `json:"text"`  // canonical
	Nanos string `json:"nanos"` // exact, in billionths
}

type podAnswer struct {
	Requests map[v1.ResourceName]amount `json:"requests"`
	Limits   map[v1.ResourceName]amount `json:"limits"`
	// Stored is the pod after defaulting, as webhooks are given it.
	Stored *v1.Pod `json:"stored"`
	// Refused is what the API server's validation says against the pod.
	Refused string `json:"refused,omitempty"`
}

type failure struct {
	Error string `json:"error"`
}

// runPodDemand answers each line of stdin with one line: a pod with what it adds up to, a string with the amount
// that it is as a quantity. All of it is computed by Kubernetes' own code.
func runPodDemand() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, maxLine)
	out := bufio.NewWriter(os.Stdout)
	answers := json.NewEncoder(out)
	for lines.Scan() {
		if err := answers.Encode(answerTo(lines.Bytes())); err != nil {
			fail(err)
		}
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
	if err := out.Flush(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "pod-demand:", err)
	os.Exit(1)
}

func answerTo(line []byte) any {
	var text string
	if json.Unmarshal(line, &text) == nil {
		quantity, err := resource.ParseQuantity(text)
		if err != nil {
			return failure{err.Error()}
		}
		return amountOf(quantity)
	}
	pod := &v1.Pod{}
	if err := json.Unmarshal(line, pod); err != nil {
		return failure{err.Error()}
	}
	legacyscheme.Scheme.Default(pod)
	if err := prepare(pod); err != nil {
		return failure{err.Error()}
	}
	refused, err := refusal(pod)
	if err != nil {
		return failure{err.Error()}
	}
	options := componentresource.PodResourcesOptions{}
	// Copies, since both add overhead in place to pod-level amounts that are too odd for an int64.
	return podAnswer{
		Requests: amountsOf(componentresource.PodRequests(pod.DeepCopy(), options)),
		Limits:   amountsOf(componentresource.PodLimits(pod.DeepCopy(), options)),
		Stored:   pod,
		Refused:  refused,
	}
}

// prepare does to the spec what kube-apiserver does between the mutating and the validating webhooks: since 1.37 it
// completes the resources of the whole pod there.
func prepare(pod *v1.Pod) error {
	internal := &core.Pod{}
	if err := legacyscheme.Scheme.Convert(pod, internal, nil); err != nil {
		return err
	}
	podregistry.Strategy.PrepareForCreate(context.Background(), internal)
	prepared := &v1.Pod{}
	if err := legacyscheme.Scheme.Convert(internal, prepared, nil); err != nil {
		return err
	}
	pod.Spec = prepared.Spec
	return nil
}

// refusal is podStrategy.Validate of kube-apiserver, which is internal to its registry.
func refusal(pod *v1.Pod) (string, error) {
	internal := &core.Pod{}
	if err := legacyscheme.Scheme.Convert(pod, internal, nil); err != nil {
		return "", err
	}
	options := podutil.GetValidationOptionsFromPodSpecAndMeta(&internal.Spec, nil, &internal.ObjectMeta, nil)
	options.ResourceIsPod = true
	if err := validation.ValidatePodCreate(internal, options).ToAggregate(); err != nil {
		return err.Error(), nil
	}
	return "", nil
}

func amountsOf(list v1.ResourceList) map[v1.ResourceName]amount {
	amounts := make(map[v1.ResourceName]amount, len(list))
	for name, quantity := range list {
		amounts[name] = amountOf(quantity)
	}
	return amounts
}

// amountOf multiplies by 10^9: apimachinery keeps no digit behind the ninth.
func amountOf(quantity resource.Quantity) amount {
	text := quantity.String()
	decimal := quantity.AsDec()
	power := 9 - int64(decimal.Scale())
	nanos := new(big.Int).Set(decimal.UnscaledBig())
	if power >= 0 {
		nanos.Mul(nanos, tenTo(power))
	} else {
		nanos.Quo(nanos, tenTo(-power))
	}
	return amount{Text: text, Nanos: nanos.String()}
}

func tenTo(power int64) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(power), nil)
}
