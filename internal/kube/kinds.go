package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// groupsAtOnce bounds how many groups are asked for at the same time.
const groupsAtOnce = 8

// A Resource is where the objects of one kind are.
type Resource struct {
	schema.GroupVersionResource
	Kind       string
	Namespaced bool
}

// In returns the objects of a namespace, or all of a kind that has none.
func (c *Client) In(r Resource, namespace string) dynamic.ResourceInterface {
	if r.Namespaced {
		return c.Dynamic.Resource(r.GroupVersionResource).Namespace(namespace)
	}
	return c.Dynamic.Resource(r.GroupVersionResource)
}

// Find returns where the objects of a kind are, in a version, or for "" in the one
// that the API server prefers. For a kind that it does not know, the error is one
// of meta.IsNoMatchError. What was found once is not asked for again, whereas a
// kind that is missing may come at any time.
func (c *Client) Find(ctx context.Context, kind schema.GroupKind, version string) (Resource, error) {
	asked := kind.WithVersion(version)
	c.mu.Lock()
	found, known := c.known[asked]
	c.mu.Unlock()
	if known {
		return found, nil
	}
	versions := []string{version}
	if version == "" {
		var err error
		if versions, err = c.versions(ctx, kind.Group); err != nil {
			return Resource{}, err
		}
	}
	for _, v := range versions {
		at := schema.GroupVersion{Group: kind.Group, Version: v}
		all, err := c.resources(ctx, at)
		if err != nil {
			return Resource{}, err
		}
		if i := slices.IndexFunc(all, func(r metav1.APIResource) bool { return r.Kind == kind.Kind }); i >= 0 {
			found = Resource{at.WithResource(all[i].Name), kind.Kind, all[i].Namespaced}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.known[asked] = found
			return found, nil
		}
	}
	return Resource{}, &meta.NoKindMatchError{GroupKind: kind, SearchedVersions: versions}
}

// All returns where the objects are of every kind that can be listed and deleted,
// each in the version that the API server prefers. An API that somebody has added,
// and that does not answer, has none.
func (c *Client) All(ctx context.Context) ([]Resource, error) {
	var list metav1.APIGroupList
	if err := c.get(ctx, "/apis", &list); err != nil {
		return nil, err
	}
	groups := append([]metav1.APIGroup{core}, list.Groups...)
	found := make([][]Resource, len(groups))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(groupsAtOnce)
	for i := range groups {
		group.Go(func() error {
			seen := map[string]bool{}
			for _, v := range preferred(groups[i]) {
				at := schema.GroupVersion{Group: groups[i].Name, Version: v}
				all, err := c.resources(ctx, at)
				if err != nil && (ctx.Err() != nil || groups[i].Name == core.Name) {
					return err
				}
				for _, r := range all {
					if !seen[r.Name] && slices.Contains(r.Verbs, "list") && slices.Contains(r.Verbs, "delete") {
						seen[r.Name] = true
						found[i] = append(found[i], Resource{at.WithResource(r.Name), r.Kind, r.Namespaced})
					}
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return slices.Concat(found...), err
}

// core is the group without a name, which is not in the list of groups.
var core = metav1.APIGroup{Versions: []metav1.GroupVersionForDiscovery{{GroupVersion: "v1", Version: "v1"}}}

// preferred are the versions of a group, the one that the server prefers first.
func preferred(group metav1.APIGroup) []string {
	versions := []string{}
	if group.PreferredVersion.Version != "" {
		versions = append(versions, group.PreferredVersion.Version)
	}
	for _, v := range group.Versions {
		if !slices.Contains(versions, v.Version) {
			versions = append(versions, v.Version)
		}
	}
	return versions
}

func (c *Client) versions(ctx context.Context, group string) ([]string, error) {
	if group == core.Name {
		return preferred(core), nil
	}
	var found metav1.APIGroup
	err := c.get(ctx, "/apis/"+group, &found)
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("the versions of %s cannot be had: %w", group, err)
	}
	return preferred(found), nil
}

// resources are the kinds of a group's version, none where there is no such version.
func (c *Client) resources(ctx context.Context, version schema.GroupVersion) ([]metav1.APIResource, error) {
	path := "/apis/" + version.String()
	if version.Group == core.Name {
		path = "/api/" + version.Version
	}
	var list metav1.APIResourceList
	if err := c.get(ctx, path, &list); err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("the kinds of %s cannot be had: %w", version, err)
	}
	// Those with a slash are parts of others: deployments/scale.
	return slices.DeleteFunc(list.APIResources, func(r metav1.APIResource) bool { return strings.Contains(r.Name, "/") }), nil
}
