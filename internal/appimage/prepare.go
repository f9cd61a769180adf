package appimage

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/splitcheck/splitcheck/internal/apps"
)

// Prepare turns a Deployment of a bundle into one that runs the image: each
// container whose image is that of a built-in application becomes that
// application, in that version, on the port that the container names. Names,
// labels and ports stay, so Services and routes still fit. Unknown images, and
// objects other than Deployments, are left alone.
func (i *Image) Prepare(u *unstructured.Unstructured) error {
	return i.prepare(u, func(string) bool { return true })
}

// PrepareUnpublished does the same, but only for images that exist in no
// registry (splitcheck.dev/apps/...). Published images stay, with
// ProbePublished.
func (i *Image) PrepareUnpublished(u *unstructured.Unstructured) error {
	if err := i.prepare(u, unpublished); err != nil {
		return err
	}
	return ProbePublished(u)
}

// Unpublished lists the images of a Deployment that no registry serves: a
// cluster can run them only if PrepareUnpublished replaced them by an image
// that was loaded into its nodes.
func Unpublished(u *unstructured.Unstructured) ([]string, error) {
	deployment, err := deploymentOf(u)
	if deployment == nil || err != nil {
		return nil, err
	}
	var images []string
	for _, container := range deployment.Spec.Template.Spec.Containers {
		if unpublished(container.Image) && !slices.Contains(images, container.Image) {
			images = append(images, container.Image)
		}
	}
	return images, nil
}

func unpublished(image string) bool { return strings.HasPrefix(image, Repository+"/") }

func (i *Image) prepare(u *unstructured.Unstructured, wanted func(image string) bool) error {
	deployment, err := deploymentOf(u)
	if deployment == nil || err != nil {
		return err
	}
	containers := deployment.Spec.Template.Spec.Containers
	changed := false
	for n := range containers {
		app, version, known := apps.ForImage(containers[n].Image)
		if known && wanted(containers[n].Image) {
			i.run(&containers[n], app, version)
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return store(u, containers)
}

func deploymentOf(u *unstructured.Unstructured) (*appsv1.Deployment, error) {
	if u.GetKind() != "Deployment" || u.GroupVersionKind().Group != appsv1.GroupName {
		return nil, nil
	}
	var deployment appsv1.Deployment
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &deployment); err != nil {
		return nil, fmt.Errorf("the Deployment %s: %w", u.GetName(), err)
	}
	return &deployment, nil
}

// store writes back the containers alone, so nothing else of the object
// changes, not even by a type's default.
func store(u *unstructured.Unstructured, containers []corev1.Container) error {
	list := make([]any, len(containers))
	for n := range containers {
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&containers[n])
		if err != nil {
			return fmt.Errorf("the Deployment %s: %w", u.GetName(), err)
		}
		list[n] = fields
	}
	return unstructured.SetNestedSlice(u.Object, list, "spec", "template", "spec", "containers")
}
