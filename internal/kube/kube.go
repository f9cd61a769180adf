// Package kube asks a Kubernetes API server: for objects, in Kubernetes' own Go
// types, for the kinds that it knows, for the logs of pods, and for sessions to
// their ports.
//
// It watches nothing, decides nothing and has no kinds but those that the other
// rooms use. client-go's own typed clients know all kinds of Kubernetes, and a
// program that uses one of them holds the code of every one, in all versions;
// docs/benchmarks.md says what that took.
package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion/queryparams"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// A Client asks one API server. It is safe for concurrent use.
type Client struct {
	// Dynamic reads and writes objects of any kind.
	Dynamic dynamic.Interface
	// rest asks for what is not an object.
	rest   rest.Interface
	config *rest.Config

	mu sync.Mutex
	// known are the kinds that were found so far, by the version that was asked for.
	known map[schema.GroupVersionKind]Resource
}

// New returns a Client for the cluster of config. It asks nothing yet.
func New(config *rest.Config) (*Client, error) {
	through, err := heeding(config)
	if err != nil {
		return nil, fmt.Errorf("the cluster's configuration cannot be used: %w", err)
	}
	objects, err := dynamic.NewForConfigAndClient(config, through)
	if err != nil {
		return nil, fmt.Errorf("the cluster's configuration cannot be used: %w", err)
	}
	own := rest.CopyConfig(config)
	own.NegotiatedSerializer = Codecs()
	own.ContentType, own.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	other, err := rest.UnversionedRESTClientForConfigAndClient(own, through)
	if err != nil {
		return nil, fmt.Errorf("the cluster's configuration cannot be used: %w", err)
	}
	c := Over(objects, other)
	c.config = config
	return c, nil
}

// Over returns a Client that asks others for everything. It opens no sessions.
func Over(objects dynamic.Interface, other rest.Interface) *Client {
	return &Client{Dynamic: objects, rest: other, known: map[schema.GroupVersionKind]Resource{}}
}

// Codecs know the words in which an API server refuses something, and no objects.
func Codecs() runtime.NegotiatedSerializer {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, corev1.SchemeGroupVersion)
	return serializer.NewCodecFactory(scheme).WithoutConversion()
}

// Version is the server's, without its v: "1.34.0".
func (c *Client) Version(ctx context.Context) (string, error) {
	var version struct{ GitVersion string }
	err := c.get(ctx, "/version", &version)
	return strings.TrimPrefix(version.GitVersion, "v"), err
}

// Log opens the log of a container of a pod.
func (c *Client) Log(ctx context.Context, namespace, pod string, which corev1.PodLogOptions) (io.ReadCloser, error) {
	query, err := queryparams.Convert(&which)
	if err != nil {
		return nil, err
	}
	request := c.rest.Get().AbsPath("/api/v1").Namespace(namespace).Resource("pods").Name(pod).SubResource("log")
	for name, values := range query {
		for _, value := range values {
			request.Param(name, value)
		}
	}
	return request.Stream(ctx)
}

// Pause waits between two looks at a cluster, or returns why ctx has ended.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// get reads what a path of the API server has, which is not an object.
func (c *Client) get(ctx context.Context, path string, into any) error {
	text, err := c.rest.Get().AbsPath(path).Do(ctx).Raw()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("what the API server says at %s cannot be read: %w", path, err)
	}
	return nil
}
