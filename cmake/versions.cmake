# What this toolkit is, and what it is compatible with.  Written once, here.
set(GT_VERSION 0.1.0)

set(GT_COMPAT_KUBERNETES 1.36.3)
set(GT_COMPAT_KUSTOMIZE 5.8.1)
set(GT_COMPAT_HELM 4.2.3)
set(GT_COMPAT_FLUX 2.9)
