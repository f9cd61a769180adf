package kube

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Objects are those of one kind in a namespace, or in all of them for "".
type Objects[T any] struct {
	kind schema.GroupVersionKind
	at   dynamic.ResourceInterface
}

// The kinds that are read by their own types.

func (c *Client) ConfigMaps(namespace string) Objects[corev1.ConfigMap] {
	return objects[corev1.ConfigMap](c, corev1.SchemeGroupVersion, "ConfigMap", "configmaps", namespace)
}

func (c *Client) Deployments(namespace string) Objects[appsv1.Deployment] {
	return objects[appsv1.Deployment](c, appsv1.SchemeGroupVersion, "Deployment", "deployments", namespace)
}

func (c *Client) EndpointSlices(namespace string) Objects[discoveryv1.EndpointSlice] {
	return objects[discoveryv1.EndpointSlice](c, discoveryv1.SchemeGroupVersion, "EndpointSlice", "endpointslices", namespace)
}

func (c *Client) Events(namespace string) Objects[corev1.Event] {
	return objects[corev1.Event](c, corev1.SchemeGroupVersion, "Event", "events", namespace)
}

func (c *Client) Leases(namespace string) Objects[coordinationv1.Lease] {
	return objects[coordinationv1.Lease](c, coordinationv1.SchemeGroupVersion, "Lease", "leases", namespace)
}

func (c *Client) Namespaces() Objects[corev1.Namespace] {
	return objects[corev1.Namespace](c, corev1.SchemeGroupVersion, "Namespace", "namespaces", "")
}

func (c *Client) Nodes() Objects[corev1.Node] {
	return objects[corev1.Node](c, corev1.SchemeGroupVersion, "Node", "nodes", "")
}

func (c *Client) Pods(namespace string) Objects[corev1.Pod] {
	return objects[corev1.Pod](c, corev1.SchemeGroupVersion, "Pod", "pods", namespace)
}

func (c *Client) ReplicaSets(namespace string) Objects[appsv1.ReplicaSet] {
	return objects[appsv1.ReplicaSet](c, appsv1.SchemeGroupVersion, "ReplicaSet", "replicasets", namespace)
}

func (c *Client) Services(namespace string) Objects[corev1.Service] {
	return objects[corev1.Service](c, corev1.SchemeGroupVersion, "Service", "services", namespace)
}

func objects[T any](c *Client, version schema.GroupVersion, kind, plural, namespace string) Objects[T] {
	return Objects[T]{version.WithKind(kind), c.Dynamic.Resource(version.WithResource(plural)).Namespace(namespace)}
}

// List returns the objects that options select.
func (o Objects[T]) List(ctx context.Context, options metav1.ListOptions) ([]T, error) {
	list, err := o.at.List(ctx, options)
	if err != nil {
		return nil, err
	}
	found := make([]T, len(list.Items))
	for i := range list.Items {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(list.Items[i].Object, &found[i]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Get returns one object.
func (o Objects[T]) Get(ctx context.Context, name string) (*T, error) {
	return typed[T](o.at.Get(ctx, name, metav1.GetOptions{}))
}

// Create makes an object, and returns it as the API server has it.
func (o Objects[T]) Create(ctx context.Context, object *T, options metav1.CreateOptions) (*T, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(o.kind)
	return typed[T](o.at.Create(ctx, u, options))
}

// Delete deletes one object.
func (o Objects[T]) Delete(ctx context.Context, name string, options metav1.DeleteOptions) error {
	return o.at.Delete(ctx, name, options)
}

func typed[T any](u *unstructured.Unstructured, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	object := new(T)
	return object, runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, object)
}
