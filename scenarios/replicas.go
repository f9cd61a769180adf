package scenarios

import (
	"maps"
)

// Replicas returns how many pods each version has in a step, of the Service
// whose pods are all of the given versions and perhaps others. It is nil where
// no Service's are, or where several differ: what is not known is not guessed.
func (s *Scenario) Replicas(step string, versions []string) map[string]int64 {
	for _, v := range views(s) {
		if v.step.Name == step {
			return v.replicas(versions)
		}
	}
	return nil
}

func (v *view) replicas(versions []string) map[string]int64 {
	var found map[string]int64
	for _, host := range v.hosts {
		pods := map[string]int64{}
		for _, w := range v.behind(v.services[host], nil) {
			pods[v.versionOf(w)] += int64(v.Inventory.Replicas(w.object.Key()))
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
