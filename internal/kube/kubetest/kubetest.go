// Package kubetest is a cluster of which only the objects are there, the kinds
// that it knows, and the same log for every container. It is for tests: client-go's
// fake of objects, which it uses, is told of all kinds of Kubernetes.
package kubetest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/splitcheck/splitcheck/internal/kube"
)

// Log is what every container has written.
const Log = "fake logs"

// A Cluster holds objects.
type Cluster struct {
	*dynamicfake.FakeDynamicClient
	// Kinds are those that the API server says it knows, by group and version.
	Kinds []metav1.APIResourceList
}

// New returns a Cluster of objects of Kubernetes' own kinds.
func New(objects ...runtime.Object) *Cluster { return With(nil, objects...) }

// With returns a Cluster that has other kinds too, given by the kinds of their lists.
func With(lists map[schema.GroupVersionResource]string, objects ...runtime.Object) *Cluster {
	all := maps.Clone(lists)
	if all == nil {
		all = map[schema.GroupVersionResource]string{}
	}
	for kind := range scheme.Scheme.AllKnownTypes() {
		if item, list := strings.CutSuffix(kind.Kind, "List"); list && item != "" {
			plural, _ := meta.UnsafeGuessKindToResource(kind.GroupVersion().WithKind(item))
			all[plural] = kind.Kind
		}
	}
	// Its objects are those of no scheme, as they come from an API server.
	c := &Cluster{FakeDynamicClient: dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), all)}
	for _, o := range objects {
		if err := c.Add(o); err != nil {
			panic(err)
		}
	}
	return c
}

// Add puts one more object of Kubernetes' own kinds into the cluster.
func (c *Cluster) Add(object runtime.Object) error {
	u, ok := object.(*unstructured.Unstructured)
	if !ok {
		u = &unstructured.Unstructured{}
		if err := scheme.Scheme.Convert(object, u, nil); err != nil {
			return err
		}
	}
	return c.Tracker().Add(u)
}

// Client asks the cluster.
func (c *Cluster) Client() *kube.Client {
	// client-go's own fake of this one writes down the last request, and is not for
	// several goroutines.
	config := &rest.Config{Host: "http://cluster.invalid", ContentConfig: rest.ContentConfig{NegotiatedSerializer: kube.Codecs()}, QPS: -1}
	other, err := rest.UnversionedRESTClientForConfigAndClient(config, &http.Client{Transport: answers(c.answer)})
	if err != nil {
		panic(err) // the configuration is right
	}
	return kube.Over(c.FakeDynamicClient, other)
}

// answers is a transport that is a function.
type answers func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// answer says what is not an object.
func (c *Cluster) answer(r *http.Request) (*http.Response, error) {
	status, text := http.StatusOK, []byte(Log)
	if !strings.HasSuffix(r.URL.Path, "/log") {
		answer := c.discover(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/"), "/apis"))
		if answer == nil {
			status = http.StatusNotFound
		}
		var err error
		if text, err = json.Marshal(answer); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: status, Request: r, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(text)))}, nil
}

// discover returns the groups for "", and for "/apps" or "/apps/v1" that group, or
// the kinds of that version.
func (c *Cluster) discover(path string) any {
	var all metav1.APIGroupList
	for _, list := range c.Kinds {
		if strings.TrimPrefix(path, "/") == list.GroupVersion {
			return list
		}
		name, version, named := strings.Cut(list.GroupVersion, "/")
		if !named {
			continue
		}
		at := slices.IndexFunc(all.Groups, func(g metav1.APIGroup) bool { return g.Name == name })
		if at < 0 {
			at, all.Groups = len(all.Groups), append(all.Groups, metav1.APIGroup{Name: name})
		}
		all.Groups[at].Versions = append(all.Groups[at].Versions, metav1.GroupVersionForDiscovery{GroupVersion: list.GroupVersion, Version: version})
	}
	if path == "" {
		return all
	}
	if at := slices.IndexFunc(all.Groups, func(g metav1.APIGroup) bool { return "/"+g.Name == path }); at >= 0 {
		return all.Groups[at]
	}
	return nil
}
