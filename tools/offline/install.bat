@echo off
rem Installs lennox from this folder: install.bat [FOLDER]
setlocal
set "PYTHON="
for /f "tokens=2 delims=:, " %%v in ('findstr /c:"python" "%~dp0bundle.json"') do set "WANTED=%%~v"
py -%WANTED% -c "" >nul 2>&1 && set "PYTHON=py -%WANTED%"
if not defined PYTHON python -c "" >nul 2>&1 && set "PYTHON=python"
if not defined PYTHON (
  echo Python %WANTED% is not installed. Install it from the file in the folder "python", then run this again.
  pause
  exit /b 1
)
%PYTHON% -I -B "%~dp0install.py" %*
set "STATUS=%ERRORLEVEL%"
pause
exit /b %STATUS%
