#pragma once
#ifdef __cplusplus
extern "C" {
#endif
int cjson_version(void);
#ifdef __cplusplus
}
#endif
