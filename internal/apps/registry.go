package apps

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// StandIn is the name of the application that runs instead of an image that is
// not built in: it answers with what it knows about itself and the request.
const StandIn = "stand-in"

// A Profile is what can be said of an application before it runs.
type Profile struct {
	// Name is the name New takes, Description says in a line what it answers.
	Name, Description string
	// Port is the TCP port its container listens on.
	Port int
	// Versions are the versions that exist, oldest first. With AnyVersion they
	// are examples: whatever is a valid image tag exists.
	Versions   []string
	AnyVersion bool
}

// An application is one entry of the catalogue.
type application struct {
	Profile
	// images are the repositories it is published as: the last path elements
	// of an image reference, without registry. Where the version is a part of
	// the repository's name, not its tag, the name ends in "-".
	images []string
	build  func(Instance) (http.Handler, error)
}

// This is a tag as the OCI distribution specification defines it. Versions must
// match it because they are used in headers and pages.
var tag = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)

// New returns the handler of an application. It fails for an unknown
// application or version, and names those that exist; and for a variable that
// the original could not read either, such as a FLOOD_FACTOR that is not a
// number.
func New(instance Instance) (http.Handler, error) {
	app, found := find(instance.App)
	if !found {
		return nil, fmt.Errorf("no built-in application is named %q; there are %s", instance.App, strings.Join(Names(), ", "))
	}
	if !app.has(instance.Version) {
		versions := strings.Join(app.Versions, ", ")
		if app.AnyVersion {
			return nil, fmt.Errorf("%q cannot be a version of %s: a version is an image tag, such as %s", instance.Version, app.Name, versions)
		}
		return nil, fmt.Errorf("%s has no version %q; there are %s", app.Name, instance.Version, versions)
	}
	if instance.Client == nil {
		instance.Client = direct
	}
	handler, err := app.build(instance)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", app.Name, instance.Version, err)
	}
	return handler, nil
}

// Names lists the applications in the order of the catalogue: systems together.
func Names() []string {
	names := make([]string, len(catalogue))
	for i, app := range catalogue {
		names[i] = app.Name
	}
	return names
}

// Info describes an application; ok is false if there is none of that name.
func Info(name string) (profile Profile, ok bool) {
	app, ok := find(name)
	if !ok {
		return Profile{}, false
	}
	profile = app.Profile
	profile.Versions = slices.Clone(profile.Versions)
	return profile, true
}

// ForImage says which application and version a container's image runs, from
// any registry. For an image that is not built in, ok is false and app is
// StandIn, without a version: then the pod's label has to give it.
func ForImage(image string) (app, version string, ok bool) {
	repository, imageTag := cutReference(image)
	for _, a := range catalogue {
		for _, name := range a.images {
			version := imageTag
			switch {
			case strings.HasSuffix(name, "-"):
				at := strings.LastIndexByte(repository, '/') + 1
				rest, found := strings.CutPrefix(repository[at:], name)
				if !found {
					continue
				}
				version = rest
			case repository != name && !strings.HasSuffix(repository, "/"+name):
				continue
			}
			if a.Name == "nginx" {
				version = nginxRelease(version)
			}
			if a.has(version) {
				return a.Name, version, true
			}
		}
	}
	return StandIn, "", false
}

// cutReference takes registry/path:tag@digest apart; a missing tag is "latest",
// as it is for the container runtimes.
func cutReference(image string) (repository, imageTag string) {
	image, _, _ = strings.Cut(image, "@")
	// A colon before the last slash belongs to the registry's port.
	slash := strings.LastIndexByte(image, '/')
	if colon := strings.LastIndexByte(image, ':'); colon > slash {
		return image[:colon], image[colon+1:]
	}
	return image, "latest"
}

func find(name string) (application, bool) {
	i := slices.IndexFunc(catalogue, func(a application) bool { return a.Name == name })
	if i < 0 {
		return application{}, false
	}
	return catalogue[i], true
}

func (a application) has(version string) bool {
	if a.Name == StandIn && version == "" {
		return true // Nobody need label the pods of an image we do not know.
	}
	if a.AnyVersion {
		return tag.MatchString(version)
	}
	return slices.Contains(a.Versions, version)
}
