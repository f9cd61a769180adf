package scenarios

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// Replicas returns how many pods each version has in a step, of the Service
// whose pods are all of the given versions and perhaps others. It is nil where
// no Service's are, or where several differ: what is not known is not guessed.
func (s *Scenario) Replicas(step string, versions []string) map[string]int64 {
	replicas := map[manifests.Key]int64{}
	deploy := func(objects []manifests.Object) {
		for _, o := range objects {
			d, ok := o.Value.(*appsv1.Deployment)
			if !ok {
				continue
			}
			if _, known := replicas[o.Key()]; d.Spec.Replicas != nil {
				replicas[o.Key()] = int64(*d.Spec.Replicas)
			} else if !known {
				replicas[o.Key()] = 1
			}
		}
	}
	deploy(s.Deploy)
	for i, v := range views(s) {
		deploy(s.Steps[i].Apply)
		for _, scale := range s.Steps[i].Scale {
			replicas[manifests.Key{Group: manifests.AppsGroup, Kind: "Deployment", Namespace: scale.Namespace, Name: scale.Deployment}] = int64(scale.Replicas)
		}
		if s.Steps[i].Name == step {
			return v.replicas(replicas, versions)
		}
	}
	return nil
}

func (v *view) replicas(of map[manifests.Key]int64, versions []string) map[string]int64 {
	var found map[string]int64
	for _, host := range v.hosts {
		pods := map[string]int64{}
		for _, w := range v.behind(v.services[host], nil) {
			pods[v.versionOf(w)] += of[w.object.Key()]
		}
		if !runsAll(pods, versions) {
			continue
		}
		if found != nil && !maps.Equal(found, pods) {
			return nil
		}
		found = pods
	}
	return found
}

func runsAll(pods map[string]int64, versions []string) bool {
	if _, unnamed := pods[""]; unnamed || len(pods) < 2 || len(versions) == 0 {
		return false
	}
	for _, version := range versions {
		if _, known := pods[version]; !known {
			return false
		}
	}
	return true
}
