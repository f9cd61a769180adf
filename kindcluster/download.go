package kindcluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// mostFetched is larger than any file that is downloaded here, in bytes.
const mostFetched = 1 << 30

// fetch downloads a file that fits into memory, completely or not at all: if
// the body ends before the length that the server announced, that is an error.
// If the context ends, the error is its cause, which says how long we waited.
func fetch(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: no answer: %w", url, context.Cause(ctx))
		}
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", url, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, mostFetched+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %d bytes came, not all of it: %w", url, len(body), context.Cause(ctx))
	case err != nil:
		return nil, fmt.Errorf("%s: after %d bytes: %w", url, len(body), err)
	case len(body) > mostFetched:
		return nil, fmt.Errorf("%s is larger than %d bytes, which no release is", url, mostFetched)
	}
	return body, nil
}
