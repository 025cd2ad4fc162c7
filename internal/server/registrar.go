package server

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// everywhere registers a service on the wire and in the process. A request that cannot be decoded goes through the chain
// too, so that its error is one of ours; gRPC by itself would say INTERNAL.
type everywhere []grpc.ServiceRegistrar

// RegisterService implements grpc.ServiceRegistrar.
func (e everywhere) RegisterService(desc *grpc.ServiceDesc, service any) {
	wrapped := *desc
	wrapped.Methods = make([]grpc.MethodDesc, len(desc.Methods))
	for i, method := range desc.Methods {
		handle := method.Handler
		method.Handler = func(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
			answer, err := handle(srv, ctx, func(message any) error {
				if err := decode(message); err != nil {
					return undecodable(err)
				}
				return nil
			}, interceptor)
			return answer, err
		}
		wrapped.Methods[i] = method
	}
	for _, registrar := range e {
		registrar.RegisterService(&wrapped, service)
	}
}

func undecodable(err error) error {
	if status.Code(err) == codes.ResourceExhausted {
		return bodyTooLarge().GRPCStatus().Err()
	}
	return malformed().GRPCStatus().Err()
}
