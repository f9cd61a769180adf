package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/kind/pkg/cluster"
)

// undo removes what exists of a cluster that was not finished.
func (u *up) undo(ctx context.Context, why error) error {
	if errors.Is(why, errForeign) {
		return why
	}
	why = u.inItsWords(ctx, why)
	done := u.Steps("Removing what was made")
	// The removal has a time limit of its own: what interrupted the work must
	// not interrupt the removal.
	err := Down(context.WithoutCancel(ctx), u.Config.Name, u.CacheDir)
	done(err)
	if ctx.Err() != nil {
		why = fmt.Errorf("interrupted while the cluster was being made: %w", ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("%w\nand it could not be removed (%v): splitcheck cluster down --name %s", why, err, u.Config.Name)
	}
	return why
}

// Down removes the cluster of that name and its kubeconfig. It is not an error
// if there is no such cluster.
func Down(ctx context.Context, name, cacheDir string) error {
	if err := dockerAnswers(ctx); err != nil {
		return err
	}
	c := &Cluster{Name: name, Kubeconfig: filepath.Join(cacheDir, name+".kubeconfig"), provider: cluster.NewProvider(cluster.ProviderWithDocker())}
	if err := c.remove(ctx); err != nil {
		return err
	}
	if err := os.Remove(c.Kubeconfig); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Exists reports whether there is a kind cluster of a name.
func Exists(ctx context.Context, name string) (bool, error) {
	if err := dockerAnswers(ctx); err != nil {
		return false, err
	}
	return there(ctx, cluster.NewProvider(cluster.ProviderWithDocker()), name)
}

// remove lets kind remove the cluster.
func (c *Cluster) remove(ctx context.Context) error {
	_, err := beside(ctx, Wait{fmt.Sprintf("kind to remove the cluster %q", c.Name), removeTimeout}, func() (struct{}, error) {
		return struct{}{}, c.provider.Delete(c.Name, c.Kubeconfig)
	})
	if err != nil {
		return fmt.Errorf("kind cannot remove the cluster %q: %w", c.Name, err)
	}
	return nil
}

// created connects to a cluster that kind has created, or says why it was not
// created.
func (u *up) created(ctx context.Context, err error) error {
	if err != nil {
		return inWords(err, u.Config)
	}
	return u.connect(ctx)
}
