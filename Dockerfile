# The image of one process of Comanda:  docker build --build-arg SERVICE=orders -t comanda/orders .
# SERVICE is orders, inventory, sales, erp-bridge, gateway, or omie-simulator. Builds with and without BuildKit.
FROM python:3.11-slim AS build
ENV PIP_CONSTRAINT=/src/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv --without-pip /app
# What all of them need comes first, so that it is built once.
COPY constraints.txt ./
COPY protos protos
COPY libs/kit libs/kit
RUN pip --python /app/bin/python install --quiet ./protos ./libs/kit
COPY services services
COPY gateway gateway
RUN pip wheel --quiet --no-deps --wheel-dir /wheels ./services/* ./gateway
ARG SERVICE
RUN case "$SERVICE" in \
      orders | inventory | sales | erp-bridge | gateway) project="comanda-$SERVICE" extra= ;; \
      omie-simulator) project=comanda-erp-bridge extra="[simulator]" ;; \
      *) echo "SERVICE must be orders, inventory, sales, erp-bridge, gateway, or omie-simulator, not '$SERVICE'" >&2; exit 1 ;; \
    esac \
    && wheel=$(echo /wheels/"$(echo "$project" | tr - _)"-*.whl) \
    && pip --python /app/bin/python install --quiet "$project$extra @ file://$wheel" \
    && ln -s "comanda-$SERVICE" /app/bin/service

FROM python:3.11-slim
ARG SERVICE
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    COMANDA_SERVICE=$SERVICE COMANDA_LISTEN=0.0.0.0:8080 COMANDA_METRICS_LISTEN=0.0.0.0:9090
LABEL org.opencontainers.image.title="comanda/$SERVICE"
RUN mkdir /data && chown 10001:10001 /data
USER 10001:10001
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-m", "kit.probe"]
ENTRYPOINT ["service"]
CMD ["serve"]
