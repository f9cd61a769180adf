package mesh_test

import (
	"testing"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/internal/target/targettest"
)

func TestTarget(t *testing.T) {
	targettest.Suite{
		Open:    func(*testing.T) target.Target { return mesh.New(mesh.Options{ApplyDelay: -1}) },
		Objects: objects(t, versionTest, weights(90, 10)),
		Path:    "/version.html",
		Service: "canary",
	}.Run(t)
}
