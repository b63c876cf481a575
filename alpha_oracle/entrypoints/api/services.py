"""How the routes come by what they work with."""

from typing import Annotated

from fastapi import Depends, Request

from alpha_oracle.bootstrap.api import Services


def services_of(request: Request) -> Services:
    """Return the services of the application that was asked."""
    services: Services = request.app.state.services
    return services


ServicesOf = Annotated[Services, Depends(services_of)]
