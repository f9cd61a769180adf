package kindcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// gatewayAPI applies the Gateway API's definitions and waits until objects of
// them can be applied.
func (u *up) gatewayAPI(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, crdsTimeout, fmt.Errorf("the Gateway API's definitions were not in place within %s", crdsTimeout))
	defer cancel()
	objects, err := definitions(ctx, u.Config.CRDs)
	if err != nil {
		return fmt.Errorf("gatewayAPI.crds: %w", err)
	}
	for _, object := range objects {
		text, err := object.MarshalJSON()
		if err == nil {
			err = u.apply(ctx, text)
		}
		if err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return fmt.Errorf("%s: %s %s: %w", u.Config.CRDs, object.GetKind(), object.GetName(), err)
		}
	}
	return await(ctx, Wait{"the Gateway API's definitions to be established", crdsTimeout}, func(ctx context.Context) (string, error) {
		for _, kind := range []string{"GatewayClass", "Gateway", "HTTPRoute"} {
			_, err := u.kube.Find(ctx, schema.GroupKind{Group: "gateway.networking.k8s.io", Kind: kind}, "v1")
			if meta.IsNoMatchError(err) {
				return kind + " of gateway.networking.k8s.io/v1 is not there yet", nil
			}
			if err != nil {
				return "", err
			}
		}
		return "", nil
	})
}

// definitions reads the objects in the YAML files of a folder, a file or a URL.
// It fails if there is no CustomResourceDefinition among them: an empty file,
// or the error page of a company's proxy, would otherwise be noticed only much
// later.
func definitions(ctx context.Context, at string) ([]*unstructured.Unstructured, error) {
	if isURL(at) {
		text, err := fetch(ctx, at)
		var objects []*unstructured.Unstructured
		if err == nil {
			objects, err = decode(at, text)
		}
		if err == nil {
			err = defines(at, objects)
		}
		if err != nil {
			return nil, fmt.Errorf("%w; if it cannot be reached, name a folder or a file in the configuration file", err)
		}
		return objects, nil
	}
	names := []string{at}
	if info, err := os.Stat(at); err != nil {
		return nil, err
	} else if info.IsDir() {
		if names, err = filepath.Glob(filepath.Join(at, "*.yaml")); err != nil {
			return nil, err
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("there is no .yaml file in %s", at)
		}
	}
	var all []*unstructured.Unstructured
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		objects, err := decode(name, text)
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
	return all, defines(at, all)
}

// decode reads the objects of a file. Files for kubectl alone, such as a
// Kustomization, are left out.
func decode(name string, text []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for n, documents := 1, yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; n++ {
		var document map[string]any
		if err := documents.Decode(&document); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s is not YAML with Kubernetes objects: document %d cannot be read", name, n)
		}
		object := &unstructured.Unstructured{Object: document}
		switch {
		case len(document) == 0 || object.GetKind() == "Kustomization":
		case object.GetKind() == "" || object.GetAPIVersion() == "" || object.GetName() == "":
			return nil, fmt.Errorf("%s: an object without apiVersion, kind or metadata.name", name)
		default:
			objects = append(objects, object)
		}
	}
}

// defines returns an error if none of the objects is a definition.
func defines(at string, objects []*unstructured.Unstructured) error {
	if slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "CustomResourceDefinition" }) {
		return nil
	}
	return fmt.Errorf("there is no CustomResourceDefinition in %s", at)
}
