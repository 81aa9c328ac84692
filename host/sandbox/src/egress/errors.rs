//! What a guest is told of a stream that failed, in place of WASI's own: that one knows no code for what befalls the body
//! of an answer, and where the host keeps backtraces, it tells them.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::p2::bindings::io::error::Error as IoError;
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use crate::guest::Guest;

/// As wasmtime-wasi names them.
const HTTP: &str = "wasi:http/types@0.2.12";
const IO: &str = "wasi:io/error@0.2.12";

/// Puts it in the place of what WASI offers.
pub(crate) fn tell_errors(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker.instance(HTTP)?.func_wrap("http-error-code", http_error_code)?;
    linker.instance(IO)?.func_wrap("[method]error.to-debug-string", to_debug_string)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn http_error_code(
    mut store: StoreContextMut<'_, Guest>,
    (error,): (Resource<IoError>,),
) -> wasmtime::Result<(Option<ErrorCode>,)> {
    let error = store.data_mut().ctx().table.get(&error)?;
    let code = error.downcast_ref::<ErrorCode>().cloned();
    Ok((code.or_else(|| error.downcast_ref::<Error>().map(of_a_body)),))
}

/// What can befall a body: see `egress/body`.
fn of_a_body(error: &Error) -> ErrorCode {
    match error {
        Error::HttpResponseBodySize(largest) => ErrorCode::HttpResponseBodySize(*largest),
        Error::ConnectionReadTimeout => ErrorCode::ConnectionReadTimeout,
        Error::ConnectionTerminated => ErrorCode::ConnectionTerminated,
        _ => ErrorCode::HttpProtocolError,
    }
}

fn to_debug_string(
    mut store: StoreContextMut<'_, Guest>,
    (error,): (Resource<IoError>,),
) -> wasmtime::Result<(String,)> {
    Ok((format!("{:#}", store.data_mut().ctx().table.get(&error)?),))
}
