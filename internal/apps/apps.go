// Package apps holds the built-in applications as http.Handlers: bookinfo's four
// services, version-test, the weather services, nginx by version, the backend
// and frontend of the Gateway API example, and two that show what a mesh does to
// any request: stand-in and relay. The same handler runs in the simulated mesh, in `splitcheck app` and in pods. It knows nothing of routes:
// a call from one service to another goes to the host by name, through the
// client it is given.
package apps

import "net/http"

// An Instance is what an application knows of itself, as a container does from
// its image and environment.
type Instance struct {
	// App names the application ("reviews", "version-test", "nginx"; see
	// Names), Version its version ("v1", "1.14.2").
	App, Version string
	// Pod and Namespace are what the downward API would say.
	Pod, Namespace string
	// Env holds the variables of the container that the original reads, such
	// as SERVICES_DOMAIN, RATINGS_HOSTNAME or STAR_COLOR.
	Env map[string]string
	// Client carries the calls to other services. Its transport is the
	// sidecar's in the simulated mesh and the network elsewhere; nil is the
	// network. Every call asks for a connection of its own (Request.Close), as
	// the originals do, and carries the context of the request it serves.
	Client *http.Client
}
