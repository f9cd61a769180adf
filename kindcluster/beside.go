package kindcluster

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/kind/pkg/cluster"
)

// beside runs a function that takes no context, such as those of kind's
// library, and waits for it no longer than timeout. A function that has not
// ended by then goes on in the background, until our program ends.
func beside[T any](ctx context.Context, wait Wait, do func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	ended := make(chan outcome, 1)
	go func() {
		value, err := do()
		ended <- outcome{value, err}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, wait.Longest, fmt.Errorf("waited %s for %s, in vain", wait.Longest, wait.What))
	defer cancel()
	select {
	case o := <-ended:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// bounded asks the API server one question and limits how long the answer may
// take.
func bounded(ctx context.Context, what string, ask func(context.Context) error) error {
	limit, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	err := ask(limit)
	if err != nil && ctx.Err() == nil && limit.Err() != nil {
		return fmt.Errorf("waited %s for the API server to %s: %w", answerTimeout, what, err)
	}
	return err
}

// there says whether kind knows a cluster of a name.
func there(ctx context.Context, provider *cluster.Provider, name string) (bool, error) {
	names, err := beside(ctx, Wait{"kind to list its clusters", kindTimeout}, provider.List)
	if err != nil {
		return false, fmt.Errorf("kind cannot list its clusters: %w", err)
	}
	return slices.Contains(names, name), nil
}
