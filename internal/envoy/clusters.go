package envoy

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"
)

// Clusters are what one proxy can send to.
type Clusters []Cluster

// A Cluster is a destination and the addresses behind it.
type Cluster struct {
	// Name is as in "outbound|80|v1|canary.default.svc.cluster.local".
	Name      string
	Endpoints []Endpoint
}

// An Endpoint is one address of a cluster. Pods have one each.
//
//differential:elsewhere test envoy/TestHealth
type Endpoint struct {
	Address string
	Port    int
	// Healthy is unset where the control plane or Envoy's own checks have taken
	// it out of the balancing.
	Healthy bool
	// Requests are those sent to it since it was added to the cluster, copies
	// and retries included; Errors those of them that failed or were answered
	// with 5xx.
	Requests, Errors int64
}

// ParseClusters reads the answer to /clusters?format=json.
func ParseClusters(text []byte) (Clusters, error) {
	type stat struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	var in struct {
		Clusters []struct {
			Name  string `json:"name"`
			Hosts []struct {
				Address rawAddress                 `json:"address"`
				Stats   []stat                     `json:"stats"`
				Health  map[string]json.RawMessage `json:"health_status"`
			} `json:"host_statuses"`
		} `json:"cluster_statuses"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, fmt.Errorf("the proxy's list of its clusters cannot be read: %w", err)
	}
	clusters := make(Clusters, 0, len(in.Clusters))
	for _, c := range in.Clusters {
		cluster := Cluster{Name: c.Name}
		for _, h := range c.Hosts {
			address, port, ok := h.Address.pod()
			if !ok {
				continue
			}
			e := Endpoint{Address: address, Port: port, Healthy: healthy(h.Health)}
			for _, s := range h.Stats {
				var err error
				switch s.Name {
				case "rq_total":
					e.Requests, err = number(s.Value)
				case "rq_error":
					e.Errors, err = number(s.Value)
				}
				if err != nil {
					return nil, fmt.Errorf("the proxy's list of its clusters cannot be read: %s of %s:%d in %s: %w", s.Name, e.Address, e.Port, c.Name, err)
				}
			}
			cluster.Endpoints = append(cluster.Endpoints, e)
		}
		clusters = append(clusters, cluster)
	}
	return clusters, nil
}

type rawAddress struct {
	Socket *struct {
		Address string `json:"address"`
		Port    int    `json:"port_value"`
	} `json:"socket_address"`
	Internal *struct {
		EndpointID string `json:"endpoint_id"`
	} `json:"envoy_internal_address"`
}

// pod returns the address of a pod. A pod that is reached through a tunnel
// (HBONE, in ambient mode) has an address within Envoy, whose identifier is the
// pod's (istio pilot/pkg/networking/util/util.go, BuildInternalLbEndpoint). A
// pipe and Envoy's other own addresses do not belong to a pod.
//
//differential:elsewhere test envoy/TestTunnels
//differential:elsewhere uncompared ambient mode
func (a rawAddress) pod() (address string, port int, ok bool) {
	switch {
	case a.Socket != nil:
		return a.Socket.Address, a.Socket.Port, true
	case a.Internal != nil:
		host, text, err := net.SplitHostPort(a.Internal.EndpointID)
		port, wrong := strconv.Atoi(text)
		return host, port, err == nil && wrong == nil
	}
	return "", 0, false
}

// number reads a counter; Envoy prints 64 bits as text and leaves out a zero.
//
//differential:elsewhere test envoy/TestClusters
func number(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// healthy reports whether nothing is wrong with an endpoint: each failure is a
// flag of its own that is printed when it is set, and the control plane's
// opinion is a word next to them.
func healthy(status map[string]json.RawMessage) bool {
	for name, value := range status {
		switch word := string(value); {
		case name == "eds_health_status":
			if word != `"HEALTHY"` && word != `"UNKNOWN"` && word != `"DEGRADED"` {
				return false
			}
		case word == "true":
			return false
		}
	}
	return true
}

// Find returns the cluster of a name, or nil.
func (cs Clusters) Find(name string) *Cluster {
	for i := range cs {
		if cs[i].Name == name {
			return &cs[i]
		}
	}
	return nil
}
